import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { digestOf } from "../src/blob/digest.ts";
import type { Image } from "../src/image/image.ts";
import type { Keychain } from "../src/registry/keychain.ts";
import { openStore } from "../src/store/layout-store.ts";
import type { Store } from "../src/store/store.ts";
import { copyBetween } from "../src/transport/copy.ts";
import { openImageSink, openImageSource } from "../src/transport/transport.ts";
import { validateSource } from "../src/transport/validate.ts";
import { archiveOf, fileOf, inPieces } from "./archives.ts";
import { faultCodeOf, withDirectory } from "./expectations.ts";
import { type Mischief, openUploadRegistry, type UploadRegistry } from "./upload-registry.ts";

const keychain: Keychain = {
  credentials: async () => ({ by: "password", username: "u", password: "secret" }),
};
let own: Store;
let image: Image;
let registry: UploadRegistry;
let close: () => void;
beforeAll(async () => {
  const ready = Promise.withResolvers<void>();
  void withDirectory(async (directory) => {
    own = await openStore(join(directory, "store"));
    const layer = await own.writeLayer(inPieces(await archiveOf([fileOf("a", "content of a")])));
    image = await own.writeImage({
      config: { architecture: "amd64", os: "linux" },
      layers: [layer],
    });
    await own.tag("web:1", image);
    ready.resolve();
    await new Promise<void>((resolve) => {
      close = resolve;
    });
  });
  await ready.promise;
});
afterAll(() => close());
beforeEach(async () => {
  registry = await openUploadRegistry();
});
afterEach(() => registry.close());

/** Copies the image there: the fault, or `copied` and everything is there. After a fault it has no name. */
async function outcome(chunk: number): Promise<string> {
  const limits = { attempts: 3, backoff: 1, longestWait: 20, stall: 120, chunk, parallel: 1 };
  const options = { own, insecure: true, keychain, limits };
  const source = await openImageSource("web:1", options);
  const code = await faultCodeOf(async () => {
    const sink = await openImageSink(`docker://${registry.host}/repo:1`, options);
    try {
      await copyBetween(source, sink);
    } finally {
      if (sink.kind === "blobs") await sink.close();
    }
  });
  await validateSource(source);
  for (const [digest, bytes] of registry.blobs) expect(digestOf(bytes)).toBe(digest);
  if (code !== undefined) {
    expect(registry.manifests.has("1")).toBe(false);
    return code;
  }
  const named = registry.manifests.get("1");
  expect(named && digestOf(named)).toBe(image.digest);
  const wanted = [image.manifest.config, ...image.manifest.layers].map(({ digest }) => digest);
  expect([...registry.blobs.keys()].sort()).toEqual([...wanted].sort());
  return "copied";
}

/** Small enough for several chunks. */
const smallChunk = 60;
const wholeBlob = 1 << 20;

test("an honest one, in one piece and in chunks", async () => {
  expect(await outcome(wholeBlob)).toBe("copied");
  registry.blobs.clear();
  registry.manifests.clear();
  expect(await outcome(smallChunk)).toBe("copied");
});

const text = readFileSync(new URL("cases/uploads.txt", import.meta.url), "utf8");
const cases = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));

describe("a registry that answers", () => {
  test.each(cases)("%s", async (line) => {
    const [, method = "", what = "", times, wanted] =
      /^(\S+) (.+) (once|always) => (\S+)$/.exec(line) ?? [];
    const mischief = mischiefOf(what);
    let done = 0;
    registry.mischief = (request) => {
      if (!isMeant(method, request) || (times === "once" && done > 0)) return undefined;
      done += 1;
      return mischief;
    };
    const isChunked = method === "PATCH" || method === "LAST";
    expect(await outcome(isChunked ? smallChunk : wholeBlob)).toBe(wanted);
    expect(done).toBeGreaterThan(0);
  });

  const sizes = () => image.manifest.layers.map(({ size }) => size);

  test("by cutting an upload in one piece, at every byte", async () => {
    const [size = 0] = sizes();
    for (let bytes = 0; bytes <= size; bytes += 1) {
      expect([bytes, await cutAt("PUT", bytes, false, wholeBlob)]).toEqual([bytes, "copied"]);
    }
  });

  test.each([true, false])(
    "by cutting an upload in chunks, at every byte, what came kept: %s",
    async (keeps) => {
      for (let bytes = 0; bytes <= smallChunk; bytes += 1) {
        expect([bytes, await cutAt("PATCH", bytes, keeps, smallChunk)]).toEqual([bytes, "copied"]);
      }
    },
  );

  async function cutAt(method: string, bytes: number, keeps: boolean, chunk: number) {
    registry.blobs.clear();
    registry.manifests.clear();
    let isDone = false;
    registry.mischief = (request) => {
      if (isDone || !isMeant(method, request)) return undefined;
      isDone = true;
      return { kind: "cut", bytes, keeps };
    };
    return outcome(chunk);
  }
});

test("an upload that is sent to another origin takes no credentials there", async () => {
  const other = await openUploadRegistry();
  try {
    registry.mischief = (request) => {
      if (request.headers.authorization === undefined) {
        return { kind: "status", status: 401, headers: { "www-authenticate": 'Basic realm="r"' } };
      }
      if (request.method !== "POST") return undefined;
      const value = `http://${other.host}/v2/repo/blobs/uploads/1`;
      return { kind: "header", name: "location", value };
    };
    expect(await outcome(wholeBlob)).not.toBe("copied");
    expect(registry.authorizations.filter((each) => each !== undefined)).not.toEqual([]);
    expect(other.authorizations.length).toBeGreaterThan(0);
    expect(other.authorizations.filter((each) => each !== undefined)).toEqual([]);
  } finally {
    await other.close();
  }
});

function isMeant(name: string, { method, url = "" }: IncomingMessage): boolean {
  if (name === "MANIFEST") return method === "PUT" && url.includes("/manifests/");
  if (url.includes("/manifests/") || !url.includes("/blobs/")) return false;
  if (name === "LAST") return method === "PUT";
  return method === name;
}

function mischiefOf(text: string): Mischief {
  const [kind = "", first = "", second] = text.split(" ");
  const [name = "", value] = split(kind === "status" ? (second ?? "") : first);
  switch (kind) {
    case "status": {
      const headers = value === undefined ? {} : { headers: { [name]: value } };
      return { kind, status: Number(first), ...headers };
    }
    case "cut":
    case "cut-kept":
      return { kind: "cut", bytes: 30, keeps: kind === "cut-kept" };
    case "stall":
      return { kind };
    case "header":
      return { kind, name, value };
    default:
      throw new Error(`no case: ${text}`);
  }
}

function split(text: string): readonly [string, string | undefined] {
  const at = text.indexOf("=");
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
