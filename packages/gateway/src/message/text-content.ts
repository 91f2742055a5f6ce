import type { Content, ContentForm } from "./transaction.ts";

/** Longer texts become bytes at once. */
const longest = 4096;

/** A text as a content; a short one of ASCII, which most are, becomes bytes when they are asked for. */
export function textContent(text: string, form: ContentForm): Content {
  return text.length <= longest && !/[\u0080-\uffff]/.test(text)
    ? new AsciiContent(text, form)
    : { bytes: Buffer.from(text), form };
}

class AsciiContent implements Content {
  readonly text: string;
  readonly form: ContentForm;
  #bytes: Uint8Array | undefined;

  constructor(text: string, form: ContentForm) {
    this.text = text;
    this.form = form;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= Buffer.from(this.text, "latin1");
    return this.#bytes;
  }
}
