import type { ManifestPlace } from "../access/manifest-place.ts";
import type { Said } from "./launch.ts";
import { launchFault } from "./launch-fault.ts";

/** What `--security-opt` and compose's `security_opt` say. */
export interface DockerSecurity {
  readonly noNewPrivileges: boolean;
  readonly unmasked?: ManifestPlace;
  readonly open: readonly string[];
}

/** Throws Fault LAUNCH_INVALID for an option that Docker does not have. */
export function dockerSecurity(options: readonly Said<string>[]): DockerSecurity {
  let noNewPrivileges = false;
  let unmasked: ManifestPlace | undefined;
  const open: string[] = [];
  for (const { value, place } of options) {
    const [, key = "", word] = /^([a-z-]+)(?:[=:](.*))?$/su.exec(value) ?? [];
    const at = `${place.file}:${place.line}`;
    switch (key) {
      case "no-new-privileges":
        noNewPrivileges = truth(word ?? "true", place);
        break;
      case "systempaths":
        if (word !== "unconfined")
          throw launchFault(place, "systempaths is unconfined, or not said");
        unmasked = place;
        break;
      case "seccomp":
        if (word === "unconfined") {
          open.push(
            `${at} takes the seccomp profile away: user namespaces can be made where the kernel allows it (31).`,
          );
        } else if (word !== "builtin") {
          open.push(`${at} names a seccomp profile that is not looked at (31).`);
        }
        break;
      case "writable-cgroups":
        if (word !== undefined && truth(word, place)) {
          open.push(`${at} makes control groups writable for root (36).`);
        }
        break;
      case "apparmor":
      case "label":
      case "credentialspec":
        break;
      default:
        throw launchFault(place, `${value} is no security option`);
    }
  }
  return { noNewPrivileges, ...(unmasked === undefined ? {} : { unmasked }), open };
}

/** A device as `--device HOST[:CONTAINER[:PERMISSIONS]]` gives it; undefined where it may only be read. */
export function writableDevice(text: string, place: ManifestPlace): Said<string> | undefined {
  const parts = text.split(":");
  const [host = "", second, third] = parts;
  const isMode = (word: string | undefined) => word !== undefined && /^[rwm]{1,3}$/u.test(word);
  const mode = third ?? (isMode(second) ? second : "rwm");
  const path = second === undefined || isMode(second) ? host : second;
  if (parts.length > 3 || !isMode(mode)) throw launchFault(place, `${text} is no device`);
  return mode?.includes("w") === true ? { value: path, place } : undefined;
}

function truth(word: string, place: ManifestPlace): boolean {
  if (word === "true" || word === "false") return word === "true";
  throw launchFault(place, `${word} is neither true nor false`);
}
