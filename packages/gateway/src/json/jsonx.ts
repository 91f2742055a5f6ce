import type { XmlElement } from "libxml2-wasm";
import { xmlText } from "../xml/characters.ts";
import { xmlLibrary } from "../xml/library.ts";
import { escapeAttribute, escapeText } from "../xml/nodes.ts";
import type { XmlTree } from "../xml/parse.ts";

const namespace = "http://www.ibm.com/xmlns/prod/2009/jsonx";
const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
const rootAttributes =
  ' xsi:schemaLocation="http://www.datapower.com/schemas/json jsonx.xsd"' +
  ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"' +
  ` xmlns:json="${namespace}"`;

/** A number as it was written: reading it would round it. */
class WrittenNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** JSON text, which must be well-formed, as the XML that stylesheets see of it. */
export function jsonxOfJson(text: string): string {
  const value: unknown = parseWithSource(text, keepNumber);
  return declaration + jsonxOf(value, rootAttributes);
}

/** JSONx as JSON text. Throws Error for a document that is no JSONx. */
export function jsonOfJsonx(tree: XmlTree): string {
  return jsonOf(tree.document.root);
}

/** What the engine gives revivers besides, and its types do not know yet. */
const parseWithSource = JSON.parse as (text: string, reviver: typeof keepNumber) => unknown;

function keepNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === "number" ? new WrittenNumber(context.source ?? String(value)) : value;
}

function jsonxOf(value: unknown, attributes: string): string {
  if (value === null) return `<json:null${attributes}/>`;
  if (value instanceof WrittenNumber) {
    return `<json:number${attributes}>${value.text}</json:number>`;
  }
  if (typeof value === "string") {
    return `<json:string${attributes}>${escapeText(xmlText(value))}</json:string>`;
  }
  if (Array.isArray(value)) {
    const items = value.map((item) => jsonxOf(item, ""));
    return `<json:array${attributes}>${items.join("")}</json:array>`;
  }
  if (typeof value !== "object") return `<json:boolean${attributes}>${value}</json:boolean>`;
  const members = Object.entries(value).map(([name, member]) =>
    jsonxOf(member, ` name="${escapeAttribute(xmlText(name))}"`),
  );
  return `<json:object${attributes}>${members.join("")}</json:object>`;
}

function jsonOf(element: XmlElement): string {
  if (element.namespaceUri !== namespace) throw new Error(`${element.name} is no JSONx`);
  const text = element.content;
  switch (element.name) {
    case "object":
      return `{${childrenOf(element).map(memberOf).join(",")}}`;
    case "array":
      return `[${childrenOf(element).map(jsonOf).join(",")}]`;
    case "string":
      return JSON.stringify(text);
    case "number":
      if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text.trim())) {
        throw new Error(`${text} is no JSON number`);
      }
      return text.trim();
    case "boolean":
      if (!/^\s*(?:true|false)\s*$/.test(text)) throw new Error(`${text} is no boolean`);
      return text.trim();
    case "null":
      return "null";
    default:
      throw new Error(`${element.name} is no JSONx`);
  }
}

function memberOf(element: XmlElement): string {
  const name = element.attr("name");
  if (name === null) throw new Error(`a ${element.name} of an object has no name`);
  return `${JSON.stringify(name.value)}:${jsonOf(element)}`;
}

function childrenOf(parent: XmlElement): XmlElement[] {
  const { XmlElement } = xmlLibrary();
  return parent.find("*").filter((node) => node instanceof XmlElement);
}
