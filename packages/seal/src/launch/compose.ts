import { composeHook, composeService } from "./compose-service.ts";
import type { Launch } from "./launch.ts";
import { launchFault } from "./launch-fault.ts";
import { yamlFields } from "./yaml-field.ts";

const asksDocker = "Audit what `docker compose config` prints: there it is resolved.";

/**
 * Every service of a compose file, with anchors and merge keys followed; commands that compose runs in a service
 * after its start or before its stop come as launches of their own where they have another user. `extends`, `include`
 * and variables in what decides are refused: only compose can resolve them. Throws Fault LAUNCH_INVALID with the place.
 */
export function composeLaunches(text: string, file: string): readonly Launch[] {
  const [document, second] = yamlFields(text, file);
  if (document === undefined) throw launchFault({ file, line: 1, column: 1 }, "it is empty");
  if (second !== undefined) throw second.wrong("a compose file is one document");
  if (document.at("apiVersion") !== undefined) {
    throw document.wrong("it is a Kubernetes manifest", "Give it with --pod.");
  }
  document.allow(topLevelKeys, "x-");
  const include = document.at("include");
  if (include !== undefined) throw include.wrong("include takes in other files", asksDocker);
  const services = document.at("services");
  if (services === undefined) throw document.wrong("it has no services");
  return services.entries().flatMap(([name, service]) => {
    const extended = service.at("extends");
    if (extended !== undefined) {
      throw extended.wrong(`${name} extends another service`, asksDocker);
    }
    const launch = composeService(name, service);
    return [launch, ...composeHook(launch, service)];
  });
}

const topLevelKeys = [
  "configs",
  "include",
  "models",
  "name",
  "networks",
  "secrets",
  "services",
  "version",
  "volumes",
];
