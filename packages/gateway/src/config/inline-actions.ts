import type { PropertyLine } from "./model.ts";
import type { OpenObject } from "./object-table.ts";

/** Properties of the action that an older one-line form stands for, in the order of its words. */
const forms: Readonly<Record<string, readonly string[]>> = {
  xform: ["input", "transform", "output"],
  xformpi: ["input", "transform", "output"],
  xformbin: ["input", "transform", "output"],
  filter: ["input", "transform", "output"],
  setvar: ["input", "variable", "value"],
  results: ["input", "destination", "http-method-limited", "output"],
  fetch: ["destination", "output"],
  "convert-http": ["input", "output"],
  call: ["input", "rule", "output"],
  checkpoint: ["event", "input"],
  rewrite: ["urlrewrite-policy"],
  "on-error": ["error-mode", "rule", "error-input", "error-output"],
};

/**
 * The action that an older rule wrote into itself (`xform "in" "sheet" "out"`), as property lines
 * of a real action; undefined for forms whose words are not known for certain, which stay as they
 * are in the rule, so that what needs them is refused.
 */
export function inlineAction(line: PropertyLine): readonly PropertyLine[] | undefined {
  const form = forms[line.name];
  if (form === undefined || line.negated || line.arguments.length > form.length) return undefined;
  if (line.arguments.length === 0) return undefined;
  const lines: PropertyLine[] = [part(line, "type", line.name, undefined)];
  for (const [at, value] of line.arguments.entries()) {
    if (value !== "") lines.push(part(line, form[at]!, value, line.columns?.[at]));
  }
  return lines;
}

/** The name that the next inline action of a rule gets: the rule's own and a number from 1. */
export function inlineActionName(rule: OpenObject): string {
  const actions = rule.lines.filter(({ name }) => name === "action").length;
  return `${rule.name}-action-${actions + 1}`;
}

function part(
  line: PropertyLine,
  name: string,
  value: string,
  column: number | undefined,
): PropertyLine {
  return {
    name,
    arguments: [value],
    ...(column === undefined ? {} : { columns: [column] }),
    negated: false,
    origin: line.origin,
    known: true,
  };
}
