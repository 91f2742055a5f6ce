import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Keychain } from "../src/registry/keychain.ts";
import { openStore } from "../src/store/layout-store.ts";
import { copyBetween } from "../src/transport/copy.ts";
import { openImageSink, openImageSource } from "../src/transport/transport.ts";
import { validateSource } from "../src/transport/validate.ts";
import { faultCodeOf, withDirectory } from "./expectations.ts";
import { type HostileRegistry, openHostileRegistry } from "./hostile-registry.ts";

const limits = { attempts: 3, backoff: 1, longestWait: 20, stall: 150 };
const keychain: Keychain = {
  credentials: async () => ({ by: "password", username: "u", password: "secret" }),
};
let registry: HostileRegistry;
beforeEach(async () => {
  registry = await openHostileRegistry();
});
afterEach(() => registry.close());

/** Copies into a new store: the fault, or undefined and the image is whole. After a fault nothing is named. */
async function outcome(): Promise<string | undefined> {
  let code: string | undefined;
  await withDirectory(async (directory) => {
    const own = await openStore(join(directory, "store"));
    const options = { own, insecure: true, keychain, limits };
    code = await faultCodeOf(async () => {
      const source = await openImageSource(`docker://${registry.host}/repo:1`, options);
      try {
        await copyBetween(source, await openImageSink("web:1", options));
      } finally {
        await source.close();
      }
    });
    if (code === undefined) await validateSource(await openImageSource("web:1", { own }));
    else expect(await own.list()).toEqual([]);
  });
  return code;
}

const isLayer = (url: string | undefined) => url?.endsWith(registry.layer) === true;

describe("a registry that", () => {
  test("is honest", async () => {
    expect(await outcome()).toBeUndefined();
  });

  test("cuts the connection at every byte of a blob gives the whole blob in the end", async () => {
    const config = [...registry.blobs.keys()].find((name) => name !== registry.layer) ?? "";
    const bytes = registry.blobs.get(config) as Buffer;
    for (let cut = 0; cut < bytes.length; cut += 1) {
      let isCut = false;
      registry.meddle = ({ url }, response) => {
        if (isCut || url?.endsWith(config) !== true) return false;
        isCut = true;
        response.writeHead(200, { "content-length": String(bytes.length) });
        response.write(bytes.subarray(0, cut), () => response.destroy());
        return true;
      };
      expect(await outcome()).toBeUndefined();
    }
  });

  test("gives other bytes of the same length", async () => {
    const bytes = Buffer.from(registry.blobs.get(registry.layer) as Buffer);
    bytes[3] = 1;
    registry.blobs.set(registry.layer, bytes);
    expect(await outcome()).toBe("DIGEST_MISMATCH");
  });

  test("gives more bytes, without end", async () => {
    registry.meddle = ({ url }, response) => {
      if (!isLayer(url)) return false;
      const more = () => {
        while (response.write(Buffer.alloc(65536)));
        response.once("drain", more);
      };
      more();
      return true;
    };
    expect(await outcome()).toBe("SIZE_MISMATCH");
  });

  test("stalls", async () => {
    registry.meddle = ({ url }) => isLayer(url);
    expect(await outcome()).toBe("REGISTRY_UNREACHABLE");
  });

  test.each([429, 500, 503])("answers %i with Retry-After, then well", async (status) => {
    let count = 0;
    registry.meddle = ({ url }, response) => {
      if (!isLayer(url) || count++ > 0) return false;
      response.writeHead(status, { "retry-after": "0" }).end();
      return true;
    };
    expect(await outcome()).toBeUndefined();
    expect(count).toBe(2);
  });

  test.each([
    [500, "REGISTRY_UNREACHABLE"],
    [416, "REGISTRY_REFUSED"],
    [401, "REGISTRY_DENIED"],
    [404, "BLOB_UNKNOWN"],
  ])("always answers %i", async (status, code) => {
    registry.meddle = ({ url }, response) => {
      if (!isLayer(url)) return false;
      response.writeHead(status).end();
      return true;
    };
    expect(await outcome()).toBe(code);
  });

  test("redirects to another origin gets no credentials carried there", async () => {
    const other = await openHostileRegistry();
    const seen: (string | undefined)[] = [];
    const asked: (string | undefined)[] = [];
    other.meddle = ({ headers }) => {
      seen.push(headers.authorization);
      return false;
    };
    registry.meddle = ({ url, headers }, response) => {
      if (headers.authorization === undefined) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="r"' }).end();
        return true;
      }
      asked.push(headers.authorization);
      if (!isLayer(url)) return false;
      response
        .writeHead(307, { location: `http://${other.host}/v2/repo/blobs/${registry.layer}` })
        .end();
      return true;
    };
    expect(await outcome()).toBeUndefined();
    expect(asked.length).toBeGreaterThan(0);
    expect(seen).toEqual([undefined]);
    await other.close();
  });

  test.each(["https://127.0.0.1:1/", "http://192.0.2.1/", "file:///etc/passwd", "http://["])(
    "redirects to %s",
    async (location) => {
      registry.meddle = ({ url }, response) => {
        if (!isLayer(url)) return false;
        response.writeHead(307, { location }).end();
        return true;
      };
      expect(await outcome()).toMatch(/^REGISTRY_(INVALID|UNREACHABLE|REFUSED)$/);
    },
  );

  test("redirects in a circle", async () => {
    registry.meddle = ({ url }, response) => {
      if (!isLayer(url)) return false;
      response.writeHead(307, { location: url ?? "" }).end();
      return true;
    };
    expect(await outcome()).toBe("REGISTRY_INVALID");
  });
});
