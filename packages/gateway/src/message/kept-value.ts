/**
 * What a variable holds of an object that a script has put there: its text or bytes, so that nobody
 * who reads the variable runs code of the script.
 */
export class KeptValue {
  readonly kept: "json" | "xml" | "bytes";
  readonly content: string | Uint8Array;

  constructor(kept: KeptValue["kept"], content: string | Uint8Array) {
    this.kept = kept;
    this.content = typeof content === "string" ? content : Uint8Array.from(content);
  }

  /** As text: what actions and headers see. */
  toString(): string {
    return typeof this.content === "string"
      ? this.content
      : Buffer.from(this.content.buffer, this.content.byteOffset, this.content.length).toString();
  }
}

/** A value as a script gives it: a plain one, or what is kept of an object. */
export function keptValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  const { kept, content } = value as KeptValue;
  return new KeptValue(kept, content);
}
