/** Why bytes were refused as XML. */
export type XmlRefusalKind = "encoding" | "limit" | "forbidden" | "malformed";

/** A document that was refused, and where; lines and columns count from 1, columns in bytes. */
export class XmlRefused extends Error {
  readonly kind: XmlRefusalKind;
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor(kind: XmlRefusalKind, why: string, place?: { line: number; column: number }) {
    super(place === undefined ? why : `${why} (line ${place.line}, column ${place.column})`);
    this.name = "XmlRefused";
    this.kind = kind;
    this.line = place?.line;
    this.column = place?.column;
  }
}
