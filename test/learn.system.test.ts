import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildExample, copyExample } from "./gateway-image.ts";
import { cannotRun, openPlace, type Place, programPath, skips } from "./place.ts";
import { root } from "./sources.ts";

/** The blocks of the document, each with its language. */
const blocks = [
  ...readFileSync(join(root, "docs/learn.md"), "utf8").matchAll(/^```(\w+)\n([\s\S]*?)^```$/gmu),
].map(([, language = "", text = ""]) => ({ language, text }));

/** Commands of the document with what they print. */
const transcripts = blocks
  .filter(({ language, text }) => language === "console" && !text.includes("IMAGE"))
  .map(({ text }) => {
    const [first = "", ...printed] = text.trimEnd().split("\n");
    return [first.replace("$ ", ""), printed.join("\n")] as const;
  });

function missing(): string | false {
  const reason = cannotRun();
  if (reason !== false) return reason;
  const programs = ["strace", "apt-get"].filter((name) => programPath(name) === undefined);
  return programs.length === 0 ? false : `missing: ${programs.join(", ")}`;
}

describe.skipIf(skips("the examples of learn", missing()))("docs/learn.md", () => {
  let place: Place;
  beforeAll(async () => {
    place = openPlace();
    await place.ask(["gateway", "image"]);
    await buildExample(place, copyExample(place.at("example")), "echo:mutable");
    const context = place.at("counter");
    mkdirSync(context);
    const textOf = (language: string) =>
      blocks.find((one) => one.language === language)?.text ?? "";
    writeFileSync(join(context, "Dockerfile"), textOf("dockerfile"));
    writeFileSync(join(context, "count"), textOf("sh"));
    copyFileSync(programPath("busybox") ?? "", join(context, "busybox"));
    await place.ask(["build", context, "--tag", "counter:1"]);
  });
  afterAll(() => place.close());

  it("has two examples", () => expect(transcripts).toHaveLength(2));

  it.each(transcripts)("%s", async (line, printed) => {
    const words = line.match(/"[^"]*"|\S+/gu)?.map((word) => word.replaceAll('"', "")) ?? [];
    const { exitCode, stdout, stderr } = await place.run([...words.slice(1), "--quiet"]);
    expect(exitCode, stderr).toBe(0);
    expect(stdout.trimEnd().replace(/sha256:[0-9a-f]{64}/u, "sha256:…")).toBe(printed);
  });
});
