import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cannotRun, heldBy, openPlace, type Place, skips } from "./place.ts";
import { root } from "./sources.ts";

/** Documents whose `sh run` blocks are run: the block after the fence is what a reader would paste. */
const documents = [
  "README.md",
  ...readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`),
];

interface Blocks {
  readonly document: string;
  /** All blocks of the document, as one script, with the line numbers that they have in it. */
  readonly script: string;
}

/** Lines outside of the blocks become empty, so that the shell's line numbers are the document's. */
function blocksOf(document: string): Blocks | undefined {
  let isInside = false;
  let found = 0;
  const lines = readFileSync(join(root, document), "utf8")
    .split("\n")
    .map((line) => {
      if (isInside && line.trimEnd() === "```") isInside = false;
      else if (isInside) return line;
      else if (/^```sh run\s*$/.test(line)) {
        isInside = true;
        found += 1;
      }
      return "";
    });
  if (isInside) throw new Error(`${document}: a block without an end`);
  return found === 0 ? undefined : { document, script: lines.join("\n") };
}

const all = documents.flatMap((document) => blocksOf(document) ?? []);

describe.skipIf(skips("the examples of the documents", cannotRun()))("the examples", () => {
  let place: Place;
  beforeAll(() => {
    place = openPlace();
  });
  afterAll(() => place.close());

  it("are there", () => {
    expect(all.map(({ document }) => document)).toContain("README.md");
  });

  it.each(all)("of $document work as they stand", async ({ document, script }) => {
    const folder = place.at(document.replaceAll("/", "-"));
    mkdirSync(folder);
    cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    const file = join(folder, "script.sh");
    writeFileSync(file, script);
    const { exitCode, output } = await runScript(file, folder, place);
    expect(exitCode, output).toBe(0);
    expect(heldBy(place), "what the examples start, they stop").toEqual({
      namespaces: [],
      links: [],
      processes: [],
    });
  });
});

function runScript(
  file: string,
  cwd: string,
  place: Place,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const PATH = `${join(root, "node_modules", ".bin")}:${place.env.PATH}`;
  const child = spawn("sh", ["-eu", file], {
    cwd,
    env: { ...place.env, PATH },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ exitCode: code ?? 128, output }));
  });
}
