import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Credentials } from "../src/registry/keychain.ts";
import { openStore } from "../src/store/layout-store.ts";
import { openImageSource } from "../src/transport/transport.ts";
import { validateSource } from "../src/transport/validate.ts";
import { faultCodeOf, withDirectory } from "./expectations.ts";
import { openHostileRegistry } from "./hostile-registry.ts";

const password: Credentials = { by: "password", username: "u", password: "pw" };
const identity: Credentials = { by: "identity-token", token: "refresh" };

/** A registry that wants tokens, and their server; a token is good for `uses` requests. */
async function withTokens(
  uses: number,
  run: (host: string, asked: string[], seen: Set<string>) => Promise<void>,
): Promise<void> {
  const registry = await openHostileRegistry();
  const asked: string[] = [];
  const seen = new Set<string>();
  const left = new Map<string, number>();
  const server = createServer((request, response) => {
    const basic = `Basic ${Buffer.from("u:pw").toString("base64")}`;
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      asked.push(`${request.method} ${request.url} ${body}`);
      const isKnown = request.headers.authorization === basic || /refresh_token=refresh/.test(body);
      if (!isKnown) {
        response.writeHead(401).end();
        return;
      }
      const token = `t${asked.length}`;
      left.set(`Bearer ${token}`, uses);
      response.end(JSON.stringify({ token, expires_in: 300 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const realm = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  registry.meddle = ({ headers }, response) => {
    const header = headers.authorization ?? "";
    seen.add(header.split(" ")[0] ?? "");
    const rest = left.get(header) ?? 0;
    left.set(header, rest - 1);
    if (rest > 0) return false;
    response.writeHead(401, { "www-authenticate": `Bearer realm="${realm}",service="s"` }).end();
    return true;
  };
  try {
    await run(registry.host, asked, seen);
  } finally {
    await registry.close();
    await new Promise((resolve) => server.close(resolve));
  }
}

async function read(
  host: string,
  credentials: Credentials | undefined,
): Promise<string | undefined> {
  let code: string | undefined;
  await withDirectory(async (directory) => {
    const own = await openStore(join(directory, "own"));
    const keychain = { credentials: async () => credentials };
    const limits = { attempts: 2, backoff: 1 };
    code = await faultCodeOf(async () => {
      const options = { own, insecure: true, keychain, limits };
      const source = await openImageSource(`docker://${host}/repo:1`, options);
      await validateSource(source);
      await source.close();
    });
  });
  return code;
}

test.each([password, identity])("a token is asked for once, with its scope ($by)", (credentials) =>
  withTokens(100, async (host, asked, seen) => {
    expect(await read(host, credentials)).toBeUndefined();
    expect(asked).toHaveLength(1);
    expect(decodeURIComponent(asked[0] ?? "")).toContain("scope=repository:repo:pull");
    expect([...seen].sort()).toEqual(["", "Bearer"]);
  }),
);

test("a token that has run out is replaced", () =>
  withTokens(1, async (host, asked) => {
    expect(await read(host, password)).toBeUndefined();
    expect(asked.length).toBeGreaterThan(2);
  }));

test("without credentials there is no token", () =>
  withTokens(1, async (host) => {
    expect(await read(host, undefined)).toBe("REGISTRY_DENIED");
  }));
