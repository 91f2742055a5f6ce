import type { RealmBuffer } from "./buffer.ts";
import type { RealmBuffers } from "./buffers.ts";
import type { Freeze } from "./harden.ts";
import type { XmlKit } from "./xml-kit.ts";

/** A callback of a script, as Node's are. */
export type Done = (error?: unknown, value?: unknown) => void;

/** What is behind a `readAs…`: gives the bytes, or why there are none. */
export type Fetch = (
  self: object,
  then: (problem: string | undefined, bytes?: Uint8Array) => void,
) => void;

/** How a value is written: its bytes or text, and what it was. */
export interface Written {
  readonly bytes: Uint8Array | string;
  readonly form: "object" | "string" | "bytes" | "xml";
}

/** What a variable keeps of an object: its text or bytes. */
export interface KeptValue {
  readonly kept: "json" | "xml" | "bytes";
  readonly content: string | Uint8Array;
}

/** What the modules of a realm share. */
export interface RealmKit {
  readonly Buffer: RealmBuffer;
  readonly Buffers: RealmBuffers;
  readonly freeze: Freeze;
  /** The XML part of the realm, loaded when it is first wanted. */
  xml(): XmlKit;
  /** "document", "element" … for what the XML part made. */
  xmlType(value: unknown): string | undefined;
  /** Throws a TypeError unless it is a function. */
  callback(value: unknown): Done;
  /** An Error with the four fields of errors of the product. */
  failure(code: string, message: string, suggestion?: string): Error;
  /** Adds the four fields to an error. */
  marked(error: unknown, code: string, suggestion?: string): unknown;
  /** The value with bytes as Buffers and everything else of the realm; for what the gateway gave. */
  adopt(value: unknown): unknown;
  /** Throws a TypeError for what cannot be written. */
  written(value: unknown): Written;
  /** The bytes of a text, a Buffer, Buffers; throws a TypeError for anything else. */
  bytesOf(value: unknown, encoding?: string): Uint8Array;
  /** A class with readAsBuffer, readAsBuffers, readAsJSON and readAsXML. */
  readable(textOf: (self: object, bytes: Uint8Array) => string, fetch: Fetch): new () => object;
  /** A value as a variable keeps it: by value, so that what keeps it never runs code of a script. */
  kept(value: unknown): KeptValue | string | number | boolean | undefined;
  /** The value that was kept, made anew. */
  revived(value: unknown): unknown;
  /** The arguments of `get(name)`, `get(type, name)` and so on, without the type. */
  named(values: readonly unknown[]): readonly unknown[];
  /** What a header is to a script: its value, or an array of several. */
  headerValue(values: readonly string[]): unknown;
}

/** Codes of errors that a script can meet (?): the product's own are not public. */
export const scriptErrorCodes = {
  invalidJson: "0x85800050",
  invalidXml: "0x85800051",
  unreadable: "0x85800052",
  openFailed: "0x85800053",
  fileFailed: "0x85800054",
  joseFailed: "0x85800055",
  limitExceeded: "0x85800056",
  callFailed: "0x85800057",
  notServed: "0x85800058",
  invalidXpath: "0x85800059",
  thrown: "0x85800001",
} as const;

/** Runs inside a realm (its text is evaluated there). `loadXml` loads the XML part. */
export function installKit(
  backend: { bytesOf(text: string, encoding: string): Uint8Array },
  Buffer: RealmBuffer,
  Buffers: RealmBuffers,
  codes: typeof scriptErrorCodes,
  late: { freeze: Freeze; loadXml: () => XmlKit },
): RealmKit {
  let xmlKit: XmlKit | undefined;
  const xml = (): XmlKit => {
    xmlKit ??= late.loadXml();
    return xmlKit;
  };
  /** What is told of an error that has no fields of its own. */
  const fieldsOf = (error: Error): object => {
    const { errorMessage, errorCode, errorDescription, errorSuggestion } = error as never;
    return { errorMessage, errorCode, errorDescription, errorSuggestion };
  };
  const callback = (value: unknown): Done => {
    if (typeof value !== "function") throw new TypeError("a callback function is required");
    return value as Done;
  };
  const marked = (error: unknown, code: string, suggestion = ""): unknown => {
    if (!(error instanceof Error)) return error;
    const fields = {
      errorMessage: error.message,
      errorCode: code,
      errorDescription: error.message,
      errorSuggestion: suggestion,
    };
    return Object.assign(error, fields);
  };
  const failure = (code: string, message: string, suggestion?: string): Error =>
    marked(new Error(message), code, suggestion) as Error;
  const adopt = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (ArrayBuffer.isView(value)) return Buffer.over(value as Uint8Array);
    if (Array.isArray(value)) return Array.from(value, adopt);
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, adopt(member)]));
  };
  const written = (value: unknown): Written => {
    if (typeof value === "string") return { bytes: value, form: "string" };
    if (ArrayBuffer.isView(value)) return { bytes: value as Uint8Array, form: "bytes" };
    if (value instanceof Buffers) return { bytes: value.toBuffer(), form: "bytes" };
    const markup = xmlKit?.markup(value);
    if (markup !== undefined) return { bytes: markup, form: "xml" };
    const text = JSON.stringify(value);
    if (text === undefined) throw new TypeError("nothing that can be written was given");
    if (text === "{}" && value instanceof Error) {
      return { bytes: JSON.stringify(fieldsOf(value)), form: "object" };
    }
    return { bytes: text, form: typeof value === "object" ? "object" : "string" };
  };
  const kept: RealmKit["kept"] = (value) => {
    if (value === undefined || value === null) return undefined;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
      return value;
    }
    const { bytes, form } = written(value);
    return { kept: form === "bytes" || form === "xml" ? form : "json", content: bytes };
  };
  const revived = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    const { kept: form, content } = value as KeptValue;
    if (typeof content !== "string") return Buffer.over(content);
    return form === "xml" ? xml().parse(content) : JSON.parse(content);
  };
  const bytesOf = (value: unknown, encoding = "utf8"): Uint8Array => {
    if (typeof value === "string") return backend.bytesOf(value, encoding);
    if (value instanceof Buffers) return value.toBuffer();
    if (ArrayBuffer.isView(value)) return value as Uint8Array;
    throw new TypeError("a string, a Buffer or Buffers are required");
  };
  const readable: RealmKit["readable"] = (textOf, fetch) => {
    const read = (
      self: object,
      asked: unknown,
      code: string,
      make: (bytes: Uint8Array) => unknown,
    ): void => {
      const done = callback(asked);
      if (!(self instanceof Readable)) {
        throw new TypeError("a read function is called on the object that it belongs to");
      }
      fetch(self, (problem, bytes) => {
        if (bytes === undefined) {
          done(failure(codes.unreadable, problem ?? "there is nothing to read"));
          return;
        }
        let value: unknown;
        try {
          value = make(bytes);
        } catch (error) {
          done(marked(error, code));
          return;
        }
        done(undefined, value);
      });
    };
    class Readable {
      readAsBuffer(done: unknown): void {
        read(this, done, codes.unreadable, (bytes) => Buffer.over(bytes));
      }
      readAsBuffers(done: unknown): void {
        read(this, done, codes.unreadable, (bytes) => new Buffers([Buffer.over(bytes)]));
      }
      readAsJSON(done: unknown): void {
        read(this, done, codes.invalidJson, (bytes) => JSON.parse(textOf(this, bytes)));
      }
      readAsXML(done: unknown): void {
        read(this, done, codes.invalidXml, (bytes) => xml().parse(bytes).childNodes);
      }
    }
    return Readable;
  };
  return {
    Buffer,
    Buffers,
    freeze: (value) => late.freeze(value),
    xml,
    xmlType: (value) => xmlKit?.typeOf(value),
    callback,
    failure,
    marked,
    adopt,
    written,
    kept,
    revived,
    bytesOf,
    readable,
    named: (values) => (typeof values[0] === "object" ? values.slice(1) : values),
    headerValue: (values) => (values.length > 1 ? [...values] : values[0]),
  };
}

/**
 * Runs inside a realm (its text is evaluated there): gives every error the four fields that errors of
 * the product have, where nothing more is known of one. Assigning to a field makes it the error's own.
 */
export function installErrorFields(code: string): void {
  const fields: Readonly<Record<string, (error: Error) => unknown>> = {
    errorMessage: (error) => error.message,
    errorCode: () => code,
    errorDescription: (error) => error.message,
    errorSuggestion: () => "",
  };
  for (const [name, read] of Object.entries(fields)) {
    Object.defineProperty(Error.prototype, name, {
      get(this: Error) {
        return read(this);
      },
      set(this: Error, value: unknown) {
        Object.defineProperty(this, name, {
          value,
          writable: true,
          enumerable: true,
          configurable: true,
        });
      },
      configurable: true,
    });
  }
}
