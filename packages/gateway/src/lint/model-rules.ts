import { kindNamed } from "../catalogue.ts";
import { checkValues } from "../config/check-values.ts";
import { objectKey } from "../config/model.ts";
import { propertyWord } from "../config/vocabulary.ts";
import { isBuiltIn, referencesOf } from "./references.ts";
import type { Found, LintRule } from "./rules.ts";

/** Rules about what the objects say, whatever they are used for. */
export const modelRules: readonly LintRule[] = [
  {
    code: "GW-PROPERTY",
    severity: "warning",
    check({ object }) {
      // of a kind that the catalogue lacks no property is known
      if (kindNamed(object.kind) === undefined) return [];
      return object.lines
        .filter((line) => !line.known)
        .map(({ name, origin }) => {
          const { candidates } = propertyWord(object.alias, [name]);
          const meant = candidates.length > 1 ? `; it may be ${candidates.join(", ")}` : "";
          const message = `property "${name}" is not known for ${object.alias}${meant}`;
          return { origin, message };
        });
    },
  },
  {
    code: "GW-VALUE",
    severity: "warning",
    check: ({ object }) => checkValues(object),
  },
  {
    code: "GW-REFERENCE",
    severity: "warning",
    check({ configuration, domain, object }) {
      return referencesOf(configuration, domain, object)
        .filter((reference) => reference.target === undefined && !isBuiltIn(reference))
        .map(({ property, kind, name, origin }) => {
          return { origin, message: `${property}: there is no ${kind} "${name}"` };
        });
    },
  },
  {
    code: "GW-UNREACHABLE",
    severity: "warning",
    kinds: new Set(["StylePolicy"]),
    check({ domain, object }) {
      const closed = new Map<string, number>();
      const found: Found[] = [];
      for (const line of object.lines) {
        if (line.name !== "match" || line.negated) continue;
        const [matching = "", rule = ""] = line.arguments;
        const direction =
          domain.objects
            .get(objectKey("StylePolicyRule", rule))
            ?.lines.findLast(({ name }) => name === "type")?.arguments[0] ?? "rule";
        const directions = direction === "rule" ? ["request-rule", "response-rule"] : [direction];
        if (directions.every((each) => closed.has(each))) {
          const first = closed.get(directions[0]!);
          const message = `rule "${rule}" is never reached: line ${first} matches everything before`;
          found.push({ origin: line.origin, message });
        }
        const matches = domain.objects.get(objectKey("Matching", matching));
        const everything =
          matches?.lines.length !== 0 &&
          matches?.lines.every(
            ({ name, arguments: [text], negated }) =>
              (name === "urlmatch" && text === "*") || negated || name === "summary",
          );
        const some = matches?.lines.some(({ name }) => name === "urlmatch") === true;
        if (everything === true && some) {
          for (const each of directions) {
            if (!closed.has(each)) closed.set(each, line.origin.line);
          }
        }
      }
      return found;
    },
  },
  {
    code: "GW-UNUSED",
    severity: "note",
    check({ object, usage }) {
      if (!usage.unused.has(object)) return [];
      return [{ origin: object.origin, message: "nothing that is enabled uses it" }];
    },
  },
];
