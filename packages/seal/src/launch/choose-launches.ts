import { Fault } from "@lithify/fault";
import type { Launch } from "./launch.ts";

/**
 * The launches that start the audited image: those of the containers that are named; else those whose image has its
 * name, whatever the registry and the tag; else the only main container. Throws Fault USAGE where none or several fit.
 */
export function chooseLaunches(
  launches: readonly Launch[],
  image: string,
  containers: readonly string[],
): readonly Launch[] {
  const known = [...new Set(launches.map(({ container }) => container))];
  const missing = containers.find((name) => !known.includes(name));
  if (missing !== undefined) {
    throw new Fault("USAGE", "--container", {
      why: `there is no container ${missing}`,
      values: { known: known.join(", ") },
    });
  }
  if (containers.length > 0) {
    return launches.filter(({ container }) => containers.includes(container));
  }
  const wanted = shortName(image);
  const same = launches.filter((launch) => shortName(launch.image?.value ?? "") === wanted);
  if (wanted !== "" && same.length > 0) return same;
  const main = launches.filter(({ isMain }) => isMain);
  if (main.length === 1 || launches.length === 1) return main.length === 1 ? main : launches;
  throw new Fault("USAGE", "which container runs the image", {
    why: `none of them names ${image}`,
    values: { containers: known.join(", ") },
    hint: "Name one with --container.",
  });
}

/** `echo` for `docker://registry.example/team/echo:1.4@sha256:…`, `echo:sealed` and `oci:some/echo:tag`. */
function shortName(reference: string): string {
  const plain = reference.replace(/@sha256:[0-9a-f]+$/u, "").replace(/^[a-z-]+:(?=\/\/)\/\//u, "");
  const last = plain.split("/").at(-1) ?? "";
  return last.replace(/:[^:]*$/u, "");
}
