/** What a JSON document may be like before it is parsed. 0 is no limit. Lengths are in bytes. */
export interface JsonLimits {
  readonly bytes: number;
  /** Objects and arrays within each other. */
  readonly depth: number;
  /** A name of an object's member, as it is written between its quotes. */
  readonly labelLength: number;
  /** A string value, as it is written between its quotes. */
  readonly valueLength: number;
  readonly numberLength: number;
}

/** The defaults of json-settings. */
export const defaultJsonLimits: JsonLimits = {
  bytes: 4_194_304,
  depth: 64,
  labelLength: 256,
  valueLength: 8192,
  numberLength: 128,
};
