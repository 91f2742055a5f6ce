import { escapeAttribute, escapeText } from "../xml/nodes.ts";

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

/** Characters that XML does not have become the replacement character. */
function xmlText(text: string): string {
  return text.replaceAll(/[^\t\n\r\x20-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD");
}
