import { escapeAttribute, escapeText } from "./nodes.ts";

/** How a value of a form is written in the request document. */
export type FormEncoding =
  | "plain"
  | "urlencoded"
  | "xml"
  | "urlencoded-xml"
  | "base64-text"
  | "base64-xml";

export const formEncodings: ReadonlySet<string> = new Set<FormEncoding>([
  "plain",
  "urlencoded",
  "xml",
  "urlencoded-xml",
  "base64-text",
  "base64-xml",
]);

/** Which encoding a value has: that of the first rule whose pattern is found in its name. */
export interface InputConversion {
  readonly otherwise: FormEncoding;
  readonly rules: readonly { readonly pattern: RegExp; readonly encoding: FormEncoding }[];
}

export interface FormRequest {
  /** Path and query. */
  readonly uri: string;
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** Most values of one request. */
export const mostFormValues = 10_000;

/** A name and its value. Values of queries and forms come URL-encoded, those of parts as they are. */
interface FormValue {
  readonly name: string;
  readonly value: string;
  readonly encoded: boolean;
}

/**
 * A request whose query, and body where it is a form, are XML. Throws Error for a body that is no
 * form. Whether values that claim to be XML are any shows when the document is parsed.
 */
export function httpRequestDocument(request: FormRequest, conversion: InputConversion): string {
  const [path = "", query = ""] = request.uri.split(/\?(.*)/s);
  const parts = [
    `<url>${escapeText(request.uri)}</url>`,
    `<base-url>${escapeText(path)}</base-url>`,
    argumentsOf("url", urlencodedValues(query), conversion),
    argumentsOf("body", bodyValues(request), conversion),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<request>${parts.join("")}</request>`;
}

function argumentsOf(
  source: string,
  values: readonly FormValue[],
  conversion: InputConversion,
): string {
  if (values.length > mostFormValues) throw new Error(`more than ${mostFormValues} values`);
  if (values.length === 0) return "";
  const written = values.map(
    (each) => `<arg name="${escapeAttribute(each.name)}">${converted(each, conversion)}</arg>`,
  );
  return `<args src="${source}">${written.join("")}</args>`;
}

function converted({ name, value, encoded }: FormValue, conversion: InputConversion): string {
  const decoded = (): string => (encoded ? urlDecoded(value) : value);
  const rule = conversion.rules.find(({ pattern }) => pattern.test(name));
  switch (rule?.encoding ?? conversion.otherwise) {
    case "plain":
      return escapeText(value);
    case "urlencoded":
      return escapeText(decoded());
    case "xml":
      return value;
    case "urlencoded-xml":
      return decoded();
    case "base64-text":
      return escapeText(fromBase64(decoded()));
    case "base64-xml":
      return fromBase64(decoded());
  }
}

function bodyValues({ contentType, body }: FormRequest): FormValue[] {
  if (body.length === 0) return [];
  const [type = ""] = contentType.toLowerCase().split(";");
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (type.trim() === "multipart/form-data") return multipartValues(contentType, bytes);
  if (type.trim() === "application/x-www-form-urlencoded" || type === "") {
    return urlencodedValues(bytes.toString("utf8"));
  }
  throw new Error(`a body of type ${type.trim()} is no form`);
}

function urlencodedValues(text: string): FormValue[] {
  return text
    .split("&", mostFormValues + 1)
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [name = "", value = ""] = pair.split(/=(.*)/s);
      return { name: urlDecoded(name), value, encoded: true };
    });
}

/** The parts of a form (RFC 7578) that have a name, as text. */
function multipartValues(contentType: string, body: Buffer): FormValue[] {
  const boundary = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType);
  const text = boundary?.[1] ?? boundary?.[2];
  if (text === undefined) throw new Error("a multipart form without a boundary");
  const pieces = `\r\n${body.toString("utf8")}`.split(`\r\n--${text}`, mostFormValues + 3);
  if (!pieces.at(-1)?.startsWith("--")) throw new Error("a multipart form that does not end");
  return pieces.slice(1, -1).map((piece) => {
    const end = piece.indexOf("\r\n\r\n");
    const name = /^content-disposition:.*?;\s*name="([^"]*)"/im.exec(piece.slice(0, end));
    if (end < 0 || name === null) throw new Error("a part of a form without a name");
    return { name: name[1]!, value: piece.slice(end + 4), encoded: false };
  });
}

function urlDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    throw new Error("a value that is not URL-encoded");
  }
}

function fromBase64(text: string): string {
  return Buffer.from(text, "base64").toString("utf8");
}
