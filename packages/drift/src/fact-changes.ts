import type { InstanceFacts } from "@lithify/engine";
import type { ProcessConfig } from "@lithify/oci";
import type { Identity, Policy } from "@lithify/seal";
import type { Change } from "./change.ts";
import { isWithin } from "./tree-changes.ts";

/** Variables that every engine sets itself when the image does not, and that shells set as they launch a program. */
const engineVariables = new Set([
  "HOME",
  "HOSTNAME",
  "OLDPWD",
  "PATH",
  "PWD",
  "SHLVL",
  "TERM",
  "_",
  "container",
]);

/** Mounts that the OCI runtime specification asks of every Linux container. */
const runtimeMounts = ["/dev", "/proc", "/sys", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf"];

/** What the process was given (environment, command) against what the image configuration says. */
export function configChanges(config: ProcessConfig, facts: InstanceFacts): readonly Change[] {
  return [...environmentChanges(config.Env ?? [], facts.env), ...commandChange(config, facts)];
}

/** Who the process is and what it may mount or do, against the policy's identities. */
export function confinementChanges(
  policy: Policy,
  identities: readonly Identity[],
  writable: readonly string[],
  facts: InstanceFacts,
): readonly Change[] {
  return [
    ...userChange(identities, facts),
    ...capabilityChanges(facts),
    ...mountChanges(policy, writable, facts),
  ];
}

function environmentChanges(was: readonly string[], is: readonly string[]): readonly Change[] {
  const before = variables(was);
  const after = variables(is);
  const changes: Change[] = [];
  for (const [name, value] of before) {
    const now = after.get(name);
    if (now !== value)
      changes.push({
        kind: "environment",
        class: "violation",
        path: `env:${name}`,
        was: value,
        ...(now === undefined ? {} : { is: now }),
      });
  }
  for (const [name, value] of after)
    if (!before.has(name))
      changes.push({
        kind: "environment",
        class: engineVariables.has(name) ? "injected" : "violation",
        path: `env:${name}`,
        is: value,
      });
  return changes;
}

function variables(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    lines.map((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** What the engine was told to start; what runs in the end may differ, since a launcher may exec another program. */
function commandChange(config: ProcessConfig, facts: InstanceFacts): readonly Change[] {
  const sealed = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (same(sealed, facts.started)) return [];
  return [
    {
      kind: "command",
      class: "violation",
      path: "command",
      was: sealed.join(" "),
      is: facts.started.join(" "),
    },
  ];
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function userChange(identities: readonly Identity[], facts: InstanceFacts): readonly Change[] {
  const known = identities.some(
    (identity) =>
      identity.uid === facts.uid &&
      identity.gid === facts.gid &&
      facts.groups.every((group) => group === identity.gid || identity.groups.includes(group)),
  );
  if (known) return [];
  return [
    {
      kind: "user",
      class: "violation",
      path: "user",
      was: identities.map((identity) => `${identity.uid}:${identity.gid}`).join(" or "),
      is: `${facts.uid}:${facts.gid}${facts.groups.length > 0 ? ` +${facts.groups.join(",")}` : ""}`,
    },
  ];
}

function capabilityChanges(facts: InstanceFacts): readonly Change[] {
  const changes: Change[] = [];
  if (facts.capabilities.length > 0)
    changes.push({
      kind: "capabilities",
      class: "violation",
      path: "capabilities",
      was: "none",
      is: facts.capabilities.join(","),
    });
  if (!facts.noNewPrivileges)
    changes.push({
      kind: "capabilities",
      class: "violation",
      path: "no-new-privileges",
      was: "set",
      is: "not set",
    });
  return changes;
}

function mountChanges(
  policy: Policy,
  writable: readonly string[],
  facts: InstanceFacts,
): readonly Change[] {
  const changes: Change[] = [];
  if (!facts.readOnlyRoot)
    changes.push({
      kind: "mount",
      class: "violation",
      path: "/",
      was: "read-only",
      is: "writable",
    });
  const allowed = [...writable, ...policy.writable];
  for (const mount of facts.mounts) {
    if (mount.target === "/" || mount.readOnly) continue;
    if (runtimeMounts.some((path) => isWithin(mount.target, path))) continue;
    changes.push({
      kind: "mount",
      class: allowed.some((path) => isWithin(mount.target, path)) ? "declared" : "violation",
      path: mount.target,
      is: `${mount.type}, writable`,
    });
  }
  return changes;
}
