import type { Context, Outcome } from "./context.ts";

/** A command as its file declares it. */
export interface CommandSpec {
  /** Arguments as commander reads them: `<image> [command...]`. */
  readonly args: string;
  readonly options: readonly Option[];
  /** Command lines that work, shown by --help. */
  readonly examples: readonly string[];
  run(context: Context, args: readonly string[], options: Options): Promise<Outcome>;
}

export interface Option {
  /** As commander reads them: `-t, --tag <ref>`. */
  readonly flags: string;
  readonly about: string;
  /** May be given several times. */
  readonly isList?: boolean;
  readonly isRequired?: boolean;
}

/** The options of one call, by the camel-cased long name. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === "string" ? value : undefined;
  }

  isSet(name: string): boolean {
    return this.#values[name] === true;
  }

  /** False only for `--no-NAME`. */
  isOn(name: string): boolean {
    return this.#values[name] !== false;
  }

  list(name: string): readonly string[] {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : [];
  }
}
