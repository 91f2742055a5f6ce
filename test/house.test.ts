import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { faultTable } from "@lithify/fault";
import { describe, expect, it } from "vitest";
import { root, sourceFiles } from "./sources.ts";

const sources = sourceFiles("packages/*/src/**/*.ts");
const written = [
  ...sources,
  ...sourceFiles("scripts/**/*.{ts,mjs}"),
  ...sourceFiles("bench/**/*.ts"),
];

describe("the house", () => {
  it("keeps source files to 300 lines", () => {
    const long = written.map((file) => [file.path, file.text.split("\n").length - 1] as const);
    expect(long.filter(([, lines]) => lines > 300)).toEqual([]);
  });

  it("has no rooms without a name", () => {
    const vague = /(^|\/)(utils?|helpers?|common|misc|types)\.ts$/;
    expect(written.map((file) => file.path).filter((path) => vague.test(path))).toEqual([]);
  });

  it("raises every fault code of the table, and no other", () => {
    const raised = new Set(
      sources.flatMap((file) =>
        [...file.text.matchAll(/"([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)"/g)]
          .filter(() => !file.path.startsWith("packages/fault/src/codes"))
          .map((match) => match[1]),
      ),
    );
    expect(Object.keys(faultTable).filter((code) => !raised.has(code))).toEqual([]);
  });

  it("defines every fault code once", () => {
    const codes = sourceFiles("packages/fault/src/codes/*.ts").flatMap((file) =>
      [...file.text.matchAll(/^ {2}([A-Z][A-Z0-9_]*): \{$/gm)].map((match) => match[1]),
    );
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([]);
    expect(codes.sort()).toEqual(Object.keys(faultTable).sort());
  });

  it("has a page for every fault code", () => {
    const pages = readdirSync(join(root, "docs/faults")).map((name) => name.replace(/\.md$/, ""));
    expect(pages.sort()).toEqual(Object.keys(faultTable).sort());
  });

  it("has a README in every package", () => {
    const folders = readdirSync(join(root, "packages"));
    expect(
      folders.filter((name) => !existsSync(join(root, "packages", name, "README.md"))),
    ).toEqual([]);
  });

  it("has only links in its documents that lead somewhere", () => {
    const dead = documents().flatMap((path) =>
      [...readFileSync(join(root, path), "utf8").matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map((match) => match[1] ?? "")
        .filter((target) => !existsSync(join(root, path, "..", target)))
        .map((target) => `${path}: ${target}`),
    );
    expect(dead).toEqual([]);
  });
});

function documents(): readonly string[] {
  const inFolder = (folder: string): readonly string[] =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder), { recursive: true })
          .map((name) => join(folder, String(name)))
          .filter((path) => path.endsWith(".md"))
      : [];
  const packages = readdirSync(join(root, "packages")).map((name) => `packages/${name}/README.md`);
  const top = readdirSync(root).filter((name) => name.endsWith(".md"));
  return [
    ...top,
    ...inFolder("docs"),
    ...inFolder("examples"),
    ...inFolder("bench"),
    ...packages,
  ].filter((path) => existsSync(join(root, path)));
}
