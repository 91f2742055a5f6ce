import type { XmlElement, XmlNode } from "libxml2-wasm";
import { xmlLibrary } from "./library.ts";
import type { XPathValue } from "./xpath.ts";

/**
 * A value of XPath as bytes of a message: nodes one after the other, elements as XML that stands
 * by itself, attributes and texts as their text; everything else as its text.
 */
export function serialiseValue(value: XPathValue, text: string): string {
  return value.type === "nodes" ? value.nodes.map(serialiseNode).join("") : text;
}

/** A node as XML that stands by itself: an element declares every namespace in its scope. */
export function serialiseNode(node: XmlNode): string {
  const { XmlElement, XmlComment, XmlDocumentNode, XmlProcessingInstructionNode } = xmlLibrary();
  if (node instanceof XmlElement) return serialiseElement(node);
  if (node instanceof XmlComment) return `<!--${node.content}-->`;
  if (node instanceof XmlDocumentNode) return node.find("node()").map(serialiseNode).join("");
  if (!(node instanceof XmlProcessingInstructionNode)) return node.content;
  const { content } = node;
  return `<?${String(node.eval("name()"))}${content === "" ? "" : ` ${content}`}?>`;
}

function serialiseElement(element: XmlElement): string {
  const text = element.toString({ format: false, noDeclaration: true });
  const own = element.nsDeclarations;
  const inherited = Object.entries(element.namespaces)
    .filter(([prefix, uri]) => !Object.hasOwn(own, prefix) && !(prefix === "" && uri === ""))
    .map(([prefix, uri]) => ` xmlns${prefix === "" ? "" : `:${prefix}`}="${escapeAttribute(uri)}"`);
  const nameEnd = 1 + element.prefix.length + (element.prefix === "" ? 0 : 1) + element.name.length;
  return text.slice(0, nameEnd) + inherited.join("") + text.slice(nameEnd);
}

/** Text as the content of an element. */
export function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Text as a value in double quotes. */
export function escapeAttribute(text: string): string {
  return escapeText(text)
    .replaceAll('"', "&quot;")
    .replaceAll("\n", "&#10;")
    .replaceAll("\t", "&#9;")
    .replaceAll("\r", "&#13;");
}
