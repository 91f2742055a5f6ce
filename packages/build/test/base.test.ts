import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readElf } from "../src/base/elf.ts";
import { gatewayFiles } from "../src/base/gateway-files.ts";
import { Draft } from "../src/copy/draft.ts";
import { FileIndex } from "../src/layer/file-index.ts";

let work: string;

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), "lithify-base-"));
});

afterAll(async () => {
  await rm(work, { recursive: true, force: true });
});

async function folder(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(work, name, path, ".."), { recursive: true });
    await writeFile(join(work, name, path), text);
  }
  return join(work, name);
}

async function entryScript(gatewayDirectory: string, faultDirectory: string) {
  const files = await gatewayFiles({ gatewayDirectory, faultDirectory });
  const draft = new Draft(new FileIndex(), { file: "test", line: 1 });
  await files.put(draft);
  const entries = [...draft.entries];
  const chunks: Uint8Array[] = [];
  const script = entries.find(({ path }) => path === "bin/drouter");
  for await (const chunk of script?.content?.open() ?? []) chunks.push(chunk);
  const paths = entries.map(({ path }) => path).filter((path) => path.includes("packages/"));
  return { script: Buffer.concat(chunks).toString(), paths, fingerprint: files.fingerprint };
}

test("a checkout's gateway runs from source, a published one from its compiled files", async () => {
  const common = { "package.json": "{}", "test/x.ts": "x", "README.md": "x" };
  const fault = await folder("fault", { ...common, "src/index.ts": "x" });
  const checkout = await folder("checkout", { ...common, "src/main.ts": "x", "dist/main.js": "x" });
  const published = await folder("published", {
    ...common,
    ...{ "dist/main.js": "x", "dist/main.d.ts": "x", "data/t.json": "x" },
  });
  const source = await entryScript(checkout, fault);
  expect(source.script).toContain("/opt/lithify/packages/gateway/src/main.ts");
  expect(source.paths).toEqual([
    "opt/lithify/packages/gateway",
    "opt/lithify/packages/gateway/package.json",
    "opt/lithify/packages/gateway/src",
    "opt/lithify/packages/gateway/src/main.ts",
    "opt/lithify/packages/fault",
    "opt/lithify/packages/fault/package.json",
    "opt/lithify/packages/fault/src",
    "opt/lithify/packages/fault/src/index.ts",
  ]);
  const compiled = await entryScript(published, fault);
  expect(compiled.script).toContain("/opt/lithify/packages/gateway/dist/main.js");
  expect(compiled.paths.filter((path) => path.includes("gateway/"))).toEqual([
    "opt/lithify/packages/gateway/package.json",
    "opt/lithify/packages/gateway/dist",
    "opt/lithify/packages/gateway/dist/main.js",
    "opt/lithify/packages/gateway/data",
    "opt/lithify/packages/gateway/data/t.json",
  ]);
  expect(compiled.fingerprint).not.toBe(source.fingerprint);
});

test.skipIf(process.platform !== "linux")(
  "what this Node needs is read from its ELF file",
  async () => {
    const handle = await open(process.execPath, "r");
    try {
      const elf = await readElf(async (offset, length) => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset);
        return buffer.subarray(0, bytesRead);
      }, "node");
      expect(elf.interpreter).toMatch(/^\/lib(64)?\/ld-.*\.so/);
      expect(elf.needed).toContain("libc.so.6");
    } finally {
      await handle.close();
    }
  },
);

test("a file that is no ELF file is refused", async () => {
  const read = async () => Buffer.alloc(64, 1);
  await expect(readElf(read, "x")).rejects.toMatchObject({ code: "BASE_INCOMPLETE" });
});
