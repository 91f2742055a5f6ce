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

async function gatewayOf(gatewayDirectory: string, faultDirectory: string) {
  const files = await gatewayFiles({ gatewayDirectory, faultDirectory });
  const draft = new Draft(new FileIndex(), { file: "test", line: 1 });
  await files.put(draft);
  const texts: Record<string, string> = {};
  for (const { path, content } of draft.entries) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content?.open() ?? []) chunks.push(chunk);
    if (content !== undefined) texts[path] = Buffer.concat(chunks).toString();
  }
  const own = Object.keys(texts).filter((path) => path.startsWith("opt/lithify/"));
  return { texts, own: own.sort(), fingerprint: files.fingerprint };
}

test("a checkout's gateway is bundled, a published one brings its program", async () => {
  const common = { "test/x.ts": "x", "README.md": "x" };
  const manifest = (exports: string) =>
    JSON.stringify({ name: "@lithify/gateway", version: "1.2.3", type: "module", exports });
  const fault = await folder("fault", {
    ...common,
    "src/index.ts": 'export const what: string = "a fault";',
  });
  const checkout = await folder("checkout", {
    ...common,
    "package.json": manifest("./src/index.ts"),
    "data/t.json": "{}",
    "dist/main.js": "x",
    "src/main.ts":
      'import { what } from "@lithify/fault";\nimport { late } from "./late.ts";\nlate(what as string);\n',
    "src/late.ts":
      'import { requirePart } from "./require-part.ts";\nconst require = requirePart(import.meta.url);\n' +
      'export const late = (it: string) => require("./rooms/part.ts").part(it);\n',
    "src/rooms/part.ts": "export const part = (it: string) => it;\n",
    "src/require-part.ts": "export const requirePart = (from: string): any => from;\n",
  });
  const source = await gatewayOf(checkout, fault);
  const start = source.texts["bin/drouter"]?.split("\n");
  expect(start?.at(-2)).toBe('exec /usr/local/bin/node /opt/lithify/gateway/program/main.js "$@"');
  expect(source.own).toEqual([
    "opt/lithify/gateway/data/t.json",
    "opt/lithify/gateway/package.json",
    "opt/lithify/gateway/program/main.js",
    "opt/lithify/gateway/program/rooms.part.js",
  ]);
  const main = source.texts["opt/lithify/gateway/program/main.js"] ?? "";
  expect(main).toContain('const what = "a fault";');
  expect(main).toContain('require("./rooms.part.js").part(it)');

  const program = Object.entries(source.texts)
    .filter(([path]) => path.includes("/program/"))
    .map(([path, text]) => [path.replace(/^.*\/program\//, "program/"), text]);
  const published = await folder("published", {
    ...common,
    "package.json": manifest("./dist/index.js"),
    "data/t.json": "{}",
    "dist/index.js": "x",
    ...Object.fromEntries(program),
  });
  const compiled = await gatewayOf(published, fault);
  expect(compiled.texts).toEqual(source.texts);
  expect(compiled.fingerprint).not.toBe(source.fingerprint);
});

test("a gateway of which there is neither source nor program is named", async () => {
  const empty = await folder("empty", { "package.json": "{}" });
  const gateway = gatewayFiles({ gatewayDirectory: empty, faultDirectory: empty });
  await expect(gateway).rejects.toMatchObject({ code: "BASE_INCOMPLETE" });
});

test("what this Node needs is read from its ELF file", async () => {
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
});

test("a file that is no ELF file is refused", async () => {
  const read = async () => Buffer.alloc(64, 1);
  await expect(readElf(read, "x")).rejects.toMatchObject({ code: "BASE_INCOMPLETE" });
});
