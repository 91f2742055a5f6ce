import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore, type TarInput, writeTar } from "@lithify/oci";
import { afterAll, beforeAll, expect, it } from "vitest";
import { lithify } from "../../../test/lithify.ts";

const directory = mkdtempSync(join(tmpdir(), "lithify-ls-"));
const env = { ...process.env, LITHIFY_STORE: join(directory, "store") };
const attributes = { mode: 0o644, uid: 0, gid: 0, mtime: 0 };
const noXattrs = new Map<string, Uint8Array>();

function file(path: string, xattrs = noXattrs): TarInput {
  return { entry: { ...attributes, path, type: "file", size: 1, xattrs }, body: Buffer.from("x") };
}

beforeAll(async () => {
  const store = await openStore(env.LITHIFY_STORE);
  const link: TarInput = {
    entry: { ...attributes, path: "b", type: "hardlink", size: 0, xattrs: noXattrs, target: "a" },
  };
  const node: TarInput = {
    entry: {
      ...{ ...attributes, path: "c", type: "character", size: 0, xattrs: noXattrs },
      device: { major: 1, minor: 3 },
    },
  };
  const large = new Map([["user.large", Buffer.alloc(5000, 1)]]);
  const layers = [
    await store.writeLayer(writeTar([file("a"), link, node])),
    await store.writeLayer(writeTar([file("d\n\u001b[31m"), file("e", large)])),
  ];
  const image = await store.writeImage({ config: { os: "linux", architecture: "arm64" }, layers });
  await store.tag("web:1", image);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ls = (...args: readonly string[]) => lithify(["ls", ...args], { env, cwd: directory });

it("shows links, devices, attributes cut short, and no character that a terminal obeys", async () => {
  const { exitCode, stdout } = await ls("web:1");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^-rw-r--r-- {2}0:0 +1 {2}0 {2}\/b = \/a$/m);
  expect(stdout).toMatch(/^crw-r--r-- {2}0:0 +1,3 {2}0 {2}\/c$/m);
  expect(stdout).toContain("/d\\u{a}\\u{1b}[31m");
  expect(stdout).toContain("… (5000 bytes)");
  expect(stdout).not.toContain("\u001b");
});

it("shows one layer, and digests when asked for", async () => {
  const { stdout } = await ls("web:1", "--layer", "0", "--digests");
  expect(stdout.trimEnd().split("\n")).toHaveLength(3);
  expect(stdout).toContain("2d711642b726");
  expect((await ls("web:1", "--layer", "2")).exitCode).toBe(2);
});

it("a path that is not there, and another platform, are wrong usage", async () => {
  const missing = await ls("web:1", "/nope");
  expect([missing.exitCode, missing.stdout]).toEqual([2, ""]);
  expect(missing.stderr).toMatch(/no such path/);
  expect((await ls("web:1", "--platform", "linux/arm64")).exitCode).toBe(0);
  expect((await ls("web:1", "--platform", "linux/amd64")).stderr).toMatch(/another platform/);
  expect((await ls("web:1", "--platform", "arm64")).stderr).toMatch(/OS\/ARCHITECTURE/);
});
