import { existsSync, readFileSync } from "node:fs";
import { fileOfUrl } from "../config/locations.ts";
import type { JsonValidator } from "../json/json-schema.ts";
import { xmlRoom } from "../xml/load-xml.ts";
import type { Xsd } from "../xml/xsd.ts";

/** Most schemas that are kept compiled; more come and go. */
const mostSchemas = 256;

/** Where schemas, and what they include, may lie. */
const places = /^(?:local|config|store|temporary):/;

/** Compiled schemas of a configuration, each compiled when it is first asked for. */
export class SchemaStore implements Disposable {
  readonly #root: string;
  readonly #xsds = new Map<string, Xsd>();
  readonly #validators = new Map<string, JsonValidator>();

  constructor(root: string) {
    this.#root = root;
  }

  /**
   * The XML Schema at a URL of a domain. To be used before anything is waited for. Throws Error
   * when it cannot be compiled; the XML library must be loaded.
   */
  xsd(domain: string, url: string): Xsd {
    const key = `${domain} ${url}`;
    const known = this.#xsds.get(key);
    if (known !== undefined) return known;
    const compiled = xmlRoom().compileXsd(url, (location) => this.#read(domain, location));
    this.#xsds.set(key, compiled);
    const oldest = this.#xsds.size > mostSchemas ? this.#xsds.entries().next().value : undefined;
    if (oldest !== undefined) {
      this.#xsds.delete(oldest[0]);
      oldest[1][Symbol.dispose]();
    }
    return compiled;
  }

  /** The JSON Schema at a URL of a domain. Rejects with Error when it cannot be compiled. */
  async json(domain: string, url: string): Promise<JsonValidator> {
    const key = `${domain} ${url}`;
    const known = this.#validators.get(key);
    if (known !== undefined) return known;
    const { compileJsonSchema } = await import("../json/json-schema.ts");
    const validator = await compileJsonSchema(url, (location) =>
      this.#read(domain, location).toString("utf8"),
    );
    if (this.#validators.size < mostSchemas) this.#validators.set(key, validator);
    return validator;
  }

  [Symbol.dispose](): void {
    for (const xsd of this.#xsds.values()) xsd[Symbol.dispose]();
    this.#xsds.clear();
    this.#validators.clear();
  }

  #read(domain: string, location: string): Buffer {
    const file = places.test(location) ? fileOfUrl(this.#root, domain, location) : undefined;
    if (file === undefined) throw new Error(`schemas are not read from ${location}`);
    if (!existsSync(file)) throw new Error(`${location} does not exist`);
    return readFileSync(file);
  }
}
