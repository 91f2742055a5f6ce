import { visible } from "@lithify/fault";

/** Text for XML and HTML, in elements and in quoted attributes; what is not visible becomes so. */
export function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/gu, (character) => entities[character] ?? "");
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
