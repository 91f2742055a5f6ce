import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { evaluateInDom, loadDomLibrary, parseDom, serialiseDom } from "../src/xml/dom.ts";
import { loadXmlLibrary } from "../src/xml/library.ts";
import { defaultXmlLimits, mostNodes, type XmlLimits } from "../src/xml/limits.ts";
import { serialiseValue } from "../src/xml/nodes.ts";
import { parseXml } from "../src/xml/parse.ts";
import { scanXml } from "../src/xml/scan.ts";
import { stringOf, truthOf, XPath } from "../src/xml/xpath.ts";

beforeAll(loadXmlLibrary);

describe("refused documents", () => {
  test.each(lines("xml/refused.txt"))("%s", (document, kind = "", why = "") => {
    expect(refusalOf(bytesOf(document!))).toEqual([kind, expect.stringContaining(why)]);
  });

  const wide: Partial<XmlLimits> = { elementDepth: 0, attributeCount: 0, bytes: 0 };
  test.each<[string, string, Partial<XmlLimits>]>([
    ["attributes", `<a ${many(129, (n) => `a${n}=""`)}/>`, {}],
    ["deeper than 2048", "<a>".repeat(2049), wide],
    ["larger than 8 bytes", `<a>${"é".repeat(3)}</a>`, { bytes: 8 }],
    ["a node is larger than 4", "<a>12345</a>", { nodeSize: 4 }],
    ["a node is larger than 4", "<a b='12345'/>", { nodeSize: 4 }],
    ["a node is larger than 4", "<a><!--12345--></a>", { nodeSize: 4 }],
    ["a node is larger than 4", "<a><![CDATA[12345]]></a>", { nodeSize: 4 }],
    ["a node is larger than 4", "<a><?b 12345?></a>", { nodeSize: 4 }],
    ["prefixes", `<a ${many(5, (n) => `xmlns:p${n}="u"`)}/>`, { prefixes: 4 }],
    ["namespaces", `<a ${many(5, (n) => `xmlns:p${n}="u${n}"`)}/>`, { namespaces: 4 }],
    ["local names", `<a>${many(5, (n) => `<b${n}/>`)}</a>`, { localNames: 4 }],
    ["nodes", `<a>${"<b/>".repeat(mostNodes)}</a>`, wide],
  ])("limit: %s", (why, document, limits) => {
    expect(refusalOf(Buffer.from(document), limits)).toEqual([
      "limit",
      expect.stringContaining(why),
    ]);
  });

  test("an external document type is passed over, not fetched, where that is allowed", () => {
    const document = Buffer.from('<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>');
    expect(refusalOf(document, { externalReferences: "ignore" })).toBeUndefined();
  });
});

test.each(lines("xml/taken.txt"))("taken: %s", (document, again = "") => {
  const bytes = bytesOf(document!);
  if (again === "-") expect(refusalOf(bytes)?.[0] === "limit").toBe(false);
  else {
    using tree = parseXml(bytes, defaultXmlLimits);
    expect(Buffer.from(tree.serialise({ declaration: false })).toString("latin1")).toBe(
      bytesOf(again).toString("latin1"),
    );
  }
});

test("a scan counts what the parser finds", () => {
  const document = Buffer.from('<a x="1" xmlns:p="u"><p:b x="2"/>t<c xmlns="v"><c/></c></a>');
  const { elements, attributes, depth, prefixes, namespaces, localNames } = scanXml(
    document,
    defaultXmlLimits,
  );
  expect({ elements, attributes, depth, prefixes, namespaces, localNames }).toEqual({
    elements: 4,
    attributes: 4,
    depth: 3,
    prefixes: 1,
    namespaces: 2,
    localNames: 4,
  });
});

describe("XPath", () => {
  const namespaces = { b: "urn:b", dp: "urn:dp" };
  const functions = new Set(["{urn:dp}variable"]);
  const source = '<a xmlns:b="urn:b" x="1"><b:c y="2">t<![CDATA[q]]>r</b:c><?p d?><e/><!--k--></a>';

  test.each(lines("xpath/refused.txt"))("refused: %s", (expression, why) => {
    expect(() => new XPath(bytesOf(expression!).toString(), { namespaces, functions })).toThrow(
      why,
    );
  });

  test.each(lines("xpath/values.txt"))("%s", (expression, truth, text) => {
    using tree = parseXml(Buffer.from(source), defaultXmlLimits);
    using xpath = new XPath(expression!, { namespaces, functions });
    const values: Record<string, string | number> = { quotes: "\"'", number: 42 };
    const value = xpath.evaluate(tree, (_name, [key = ""]) => values[key] ?? "");
    expect([String(truthOf(value)), serialiseValue(value, stringOf(value))]).toEqual([truth, text]);
  });

  test("a value of a function may have any number of quotes of both kinds", () => {
    using tree = parseXml(Buffer.from(source), defaultXmlLimits);
    using xpath = new XPath("dp:variable('v')", { namespaces, functions });
    const value = "'\"".repeat(20_000);
    expect(stringOf(xpath.evaluate(tree, () => value))).toBe(value);
  });

  test("documents of the greatest depth do the library no harm", () => {
    const deep = "<a>".repeat(2048) + "</a>".repeat(2048);
    const limits = { ...defaultXmlLimits, elementDepth: 0 };
    for (const [expression, expected] of [
      ["count(//a)", "2048"],
      ["string-length(/)", "0"],
      ["count(//a[not(a)])", "1"],
      ["count(//a[count(ancestor::a) = 9])", "1"],
    ] as const) {
      using tree = parseXml(Buffer.from(deep), limits);
      using xpath = new XPath(expression);
      expect(stringOf(xpath.evaluate(tree))).toBe(expected);
      expect(tree.serialise({ declaration: false })).toHaveLength(deep.length - "</a>".length + 1);
    }
  });

  test("over a DOM it gives the nodes of the DOM, as scripts left them", async () => {
    await loadDomLibrary();
    const dom = parseDom(
      Buffer.from(`<?xml version="1.0"?><!--top-->\n${source}`),
      defaultXmlLimits,
    );
    const at = (expression: string, node = dom.documentElement!) => {
      using xpath = new XPath(expression, { namespaces });
      return evaluateInDom(node, xpath);
    };
    expect(at("b:c")).toEqual([dom.getElementsByTagName("b:c")[0]]);
    expect(at("//@y")).toEqual([dom.getElementsByTagName("b:c")[0]!.getAttributeNode("y")]);
    expect(at("//text()")).toHaveLength(3);
    expect(at("count(//node())")).toBe(9);
    dom.documentElement!.appendChild(dom.createTextNode("more"));
    dom.documentElement!.appendChild(dom.createTextNode(" text"));
    expect(at("string(/a/text())")).toBe("more text");
    const loose = dom.createElementNS("urn:z", "z:q");
    loose.setAttribute("id", "1");
    expect(at("string(@id)", loose)).toBe("1");
    expect(serialiseDom(loose)).toBe('<z:q id="1" xmlns:z="urn:z"/>');
  });
});

function refusalOf(bytes: Buffer, limits: Partial<XmlLimits> = {}): [string, string] | undefined {
  try {
    parseXml(bytes, { ...defaultXmlLimits, ...limits })[Symbol.dispose]();
    return undefined;
  } catch (error) {
    const { kind, message } = error as { kind: string; message: string };
    return [kind, message];
  }
}

function lines(file: string): string[][] {
  return readFileSync(join(import.meta.dirname, "cases", file), "utf8")
    .split("\n")
    .slice(0, -1)
    .filter((line) => !line.startsWith("# "))
    .map((line) => line.split("\t"));
}

function bytesOf(line: string): Buffer {
  const text = line
    .replace(/\{(\d+)×([^}]*)\}/g, (_, count: string, part: string) => part.repeat(Number(count)))
    .replace(/\\x(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    .replaceAll("\\0", "\0")
    .replaceAll("\\n", "\n");
  return Buffer.from(text, "latin1");
}

function many(count: number, part: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => part(index)).join(" ");
}
