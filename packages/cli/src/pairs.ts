import { Fault } from "@lithify/fault";

/** `NAME=value` texts as pairs. @throws Fault USAGE, naming the option, for a text without a name */
export function parsePairs(
  texts: readonly string[],
  option: string,
): readonly (readonly [name: string, value: string])[] {
  return texts.map((text) => {
    const at = text.indexOf("=");
    if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
    throw new Fault("USAGE", option, { why: "it takes NAME=value", values: { given: text } });
  });
}
