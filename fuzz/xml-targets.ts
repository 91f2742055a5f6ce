import { jsonxOfJson } from "../packages/gateway/src/json/jsonx.ts";
import { defaultJsonLimits } from "../packages/gateway/src/json/limits.ts";
import { JsonRefused, parseJson } from "../packages/gateway/src/json/parse-json.ts";
import { utf8Document } from "../packages/gateway/src/xml/encoding.ts";
import { loadXmlLibrary, xmlLibrary } from "../packages/gateway/src/xml/library.ts";
import { defaultXmlLimits } from "../packages/gateway/src/xml/limits.ts";
import { parseScanned, parseXml, type XmlTree } from "../packages/gateway/src/xml/parse.ts";
import { XmlRefused } from "../packages/gateway/src/xml/refusal.ts";
import { scanXml, type XmlCounts } from "../packages/gateway/src/xml/scan.ts";
import { readXPath } from "../packages/gateway/src/xml/xpath-grammar.ts";
import { XPathRefused } from "../packages/gateway/src/xml/xpath-tokens.ts";
import type { Target } from "./target.ts";

/** Limits that nothing here reaches. */
const wide = { ...defaultXmlLimits, elementDepth: 0, attributeCount: 0, bytes: 0 };
const hostile = '<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d SYSTEM "/etc/passwd">]><a>&b;&d;</a>';
const plain =
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE a>\n<!--c--><p:a xmlns:p="urn:p" xmlns="urn:d" ' +
  'b=\'&lt;&#65;\' p:c="d > e">\n<f/>t&amp;u<![CDATA[<g>&h;]]><?i j?><k><l m="n"/></k></p:a>\n';

/** Readers of messages; each is held against another reader of the same. */
export const xmlTargets: readonly Target[] = [
  {
    name: "xml",
    corpus: async () =>
      [
        plain,
        hostile,
        `<a>${"<b c='d'>e</b>".repeat(40)}</a>`,
        `${"<a>".repeat(90)}${"</a>".repeat(90)}`,
      ]
        .map((source) => Buffer.from(source))
        .concat(Buffer.from(`\ufeff${plain.replace("UTF-8", "UTF-16")}`, "utf16le")),
    async parse(bytes) {
      await loadXmlLibrary();
      const document = orRefused(() => utf8Document(bytes));
      if (document === undefined) return;
      const counts = orRefused(() => scanXml(document, wide));
      using tree = orRefused(() => parseScanned(document));
      if (tree === undefined) return;
      if (counts === undefined) refusedRightly(document, tree);
      else sameCounts(counts, tree);
    },
  },
  {
    name: "xpath",
    corpus: async () =>
      [
        "/a/b[@c = 'd' and position() < 3]//e | ../f/text()",
        'count(//*[local-name() = "a"]) * 2 div 3 - -1 mod 4',
        "(//a)[1]/ancestor-or-self::node()/processing-instruction('b')/@*",
        "substring-before(concat(/a, 'b'), string(1.5)) != boolean(not(.5 > 5.))",
      ].map((source) => Buffer.from(source)),
    async parse(bytes) {
      await loadXmlLibrary();
      const source = bytes.toString();
      try {
        readXPath(source);
      } catch (error) {
        if (error instanceof XPathRefused) return;
        throw error;
      }
      // broken expressions are never given to the library: some of them do harm there
      if (!compiles(source) || !compiles("/a")) throw new Error("the library does not compile it");
    },
  },
  {
    name: "json",
    corpus: async () =>
      [
        '{"a":[1,-2.5e3,"b\\"\\u00e9",true,null,{}],"":"\\\\"}',
        `${"[".repeat(60)}${"]".repeat(60)}`,
      ].map((source) => Buffer.from(source)),
    async parse(bytes) {
      await loadXmlLibrary();
      let value: unknown;
      try {
        value = parseJson(bytes, defaultJsonLimits);
      } catch (error) {
        if (error instanceof JsonRefused) return;
        throw error;
      }
      if (JSON.stringify(value) !== JSON.stringify(JSON.parse(bytes.toString()))) {
        throw new Error("the value is another one");
      }
      parseXml(Buffer.from(jsonxOfJson(bytes.toString())), wide)[Symbol.dispose]();
    },
  },
];

function orRefused<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof XmlRefused) return undefined;
    throw error;
  }
}

/** What the parser takes and the scan does not has a document type or names an entity. */
function refusedRightly(document: Uint8Array, tree: XmlTree): void {
  const text = Buffer.from(document).toString("latin1");
  if (tree.document.dtd === null && !/&[^#;\s]+;/.test(text)) {
    throw new Error("refused by the scan, and well-formed");
  }
}

/** The scan sees every element and attribute that the parser spends memory on. */
function sameCounts(counts: XmlCounts, tree: XmlTree): void {
  const elements = Number(tree.document.eval("count(//*)"));
  const attributes = Number(tree.document.eval("count(//@*)"));
  if (counts.elements !== elements) throw new Error(`${counts.elements} of ${elements} elements`);
  if (counts.attributes < attributes) throw new Error(`${counts.attributes} of ${attributes}`);
  const deeper = `boolean(//*[count(ancestor-or-self::*) > ${counts.depth}])`;
  if (elements < 1000 && tree.document.eval(deeper)) throw new Error(`deeper than ${counts.depth}`);
}

function compiles(source: string): boolean {
  try {
    xmlLibrary().XmlXPath.compile(source).dispose();
    return true;
  } catch {
    return false;
  }
}
