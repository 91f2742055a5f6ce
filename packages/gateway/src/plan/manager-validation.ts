import { existsSync } from "node:fs";
import { fileOfUrl } from "../config/locations.ts";
import { type ConfigDomain, type ConfigObject, objectKey } from "../config/model.ts";
import { compileMatching } from "./matching.ts";
import { managerOf } from "./parser-limits.ts";
import { linesOf } from "./properties.ts";
import type { Refusals } from "./refusals.ts";
import type { ManagerValidation } from "./service-plan.ts";

/** What `xml validate` of a service's xml-manager asks for: modes `schema` and `default` (none). */
export function managerValidations(
  root: string,
  domain: ConfigDomain,
  service: ConfigObject,
  refusals: Refusals,
): ManagerValidation[] {
  const manager = managerOf(domain, service);
  if (manager === undefined) return [];
  const validations: ManagerValidation[] = [];
  for (const line of linesOf(manager, "validate")) {
    const [name = "", mode = "", schema = ""] = line.arguments;
    const matching = domain.objects.get(objectKey("Matching", name));
    if (matching === undefined || !matching.enabled) {
      refusals.add(manager, `matching "${name}" does not exist`, line);
    } else if (mode === "schema") {
      const file = /^(?:local|config|store):/.test(schema)
        ? fileOfUrl(root, domain.name, schema)
        : undefined;
      if (file === undefined || !existsSync(file)) {
        refusals.add(manager, `schema "${schema}" does not exist`, line);
      }
      const matches = compileMatching(matching, (at, why) => refusals.add(matching, why, at));
      validations.push({ matches, schema, origin: line.origin });
    } else if (mode !== "default") {
      refusals.add(manager, `validation of the mode ${mode} is not served`, line);
    }
  }
  return validations;
}
