import { beforeAll, expect, test } from "vitest";
import { defaultJsonLimits } from "../src/json/limits.ts";
import { mostParsed, ParsedContents } from "../src/message/parsed-contents.ts";
import { defaultXmlLimits } from "../src/xml/limits.ts";
import { loadXml } from "../src/xml/load-xml.ts";

beforeAll(loadXml);

const limits = { xmlLimits: defaultXmlLimits, jsonLimits: defaultJsonLimits };
const contentOf = (text: string): { bytes: Uint8Array } => ({ bytes: Buffer.from(text) });

test("a content is parsed once, and again after others have taken its place", () => {
  using documents = new ParsedContents(limits);
  const first = contentOf("<a/>");
  const tree = documents.tree(first);
  expect(documents.tree(first)).toBe(tree);
  for (let number = 1; number < mostParsed; number++) documents.tree(contentOf("<b/>"));
  expect(documents.tree(first)).toBe(tree);
  documents.tree(contentOf("<c/>"));
  expect(() => tree.document.root).toThrow();
  expect(documents.tree(first).document.root.name).toBe("a");
});

test("all trees are gone when it is disposed of", () => {
  const documents = new ParsedContents(limits);
  const tree = documents.tree(contentOf("<a/>"));
  documents[Symbol.dispose]();
  expect(() => tree.document.root).toThrow();
});

test("JSON and its view as JSONx are read from the same content", () => {
  using documents = new ParsedContents(limits);
  const content = contentOf('{"a":1.50}');
  expect(documents.json(content)).toEqual({ a: 1.5 });
  const view = documents.jsonx(content);
  expect(documents.jsonx(content)).toBe(view);
  expect(documents.tree(view).document.find("/*/*")[0]?.content).toBe("1.50");
});
