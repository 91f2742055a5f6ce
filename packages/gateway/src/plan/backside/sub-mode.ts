import { fieldsOfType } from "../../catalogue.ts";
import type { CatalogueProperty } from "../../catalogue-entry.ts";
import type { PropertyLine } from "../../config/model.ts";

/** The statements of a sub-mode such as `health-check` … `exit`, with the defaults of its type. */
export class SubMode {
  readonly #fields: readonly CatalogueProperty[];
  readonly #lines: readonly PropertyLine[];

  constructor(type: string, line: PropertyLine) {
    this.#fields = fieldsOfType(type) ?? [];
    this.#lines = line.children ?? [];
  }

  line(name: string): PropertyLine | undefined {
    return this.#lines.findLast((line) => line.name === name);
  }

  text(name: string): string {
    const line = this.line(name);
    if (line === undefined)
      return String(this.#fields.find(({ cli }) => cli === name)?.default ?? "");
    return line.negated ? "" : (line.arguments[0] ?? "");
  }

  number(name: string): number {
    const text = this.text(name);
    return text === "" ? 0 : Number(text);
  }

  flag(name: string): boolean {
    const line = this.line(name);
    if (line === undefined) return this.#fields.find(({ cli }) => cli === name)?.default === true;
    return !line.negated && !["off", "no", "false", "disabled"].includes(line.arguments[0] ?? "on");
  }

  /** Statements with other names than these. */
  others(names: readonly string[]): readonly PropertyLine[] {
    return this.#lines.filter(({ name, negated }) => !negated && !names.includes(name));
  }
}
