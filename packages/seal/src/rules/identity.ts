import { decide } from "../access/decide.ts";
import { ownerText } from "../access/describe.ts";
import { doubtText } from "../access/doubt.ts";
import type { Operation } from "../access/operation.ts";
import { execute, ownsLike, permissionOf, write } from "../access/permission.ts";
import { malformedAccounts } from "../identity/malformed-accounts.ts";
import { capabilityTrouble, capablePrograms } from "./giving-programs.ts";
import type { Hit, Rule, Scan } from "./rule.ts";
import { startTroubles } from "./start.ts";

/** Route 20: the identity holds a capability that no mode stops. */
export const root: Rule = {
  code: "LI-ROOT",
  title: "the process runs as root, or with a capability that overrides every mode",
  route: "capability",
  fix: "Run as a non-root user: `user:` in lithify.yaml, or USER in the Dockerfile; drop all capabilities.",
  *check(scan) {
    if (!isAllPowerful(scan.identity)) return;
    const { identity } = scan;
    yield {
      path: "/",
      cause: "root",
      witness: () => [
        `you are uid ${identity.uid} with ${capabilityText(identity.capabilities)}`,
        "so every object can be changed, whatever its mode",
      ],
    };
    for (const tree of scan.model.policy.trees) {
      yield { path: tree.path, cause: "root", witness: () => [] };
    }
  },
};

function capabilityText(held: readonly string[]): string {
  if (held.length <= 3) return held.join(", ") || "no capabilities";
  return `${held.length} capabilities, CAP_DAC_OVERRIDE among them`;
}

/** Routes 6 to 8, 10 and 11: the owner can give write back to himself; 0444 and 0555 protect nothing. */
export const owner: Rule = {
  code: "LI-OWNER",
  title: "the process owns an object, and an owner can change its mode",
  route: "chmod",
  fix: "Make root the owner: chown root:root. lithify seal does it.",
  *check(scan) {
    const { model, identity } = scan;
    for (const number of model.protectedLike((kind) => ownsLike(kind, identity))) {
      const node = model.node(number);
      if (node === undefined || scan.view.owned(scan.view.bestName(number)) !== "yes") continue;
      const link = node.type === "symlink";
      yield {
        path: node.path,
        // Who counts as every owner does so by one capability
        cause:
          node.uid === identity.uid
            ? `${model.regionOf(node.path)} ${node.uid} ${link}`
            : "CAP_FOWNER",
        ...(node.uid === identity.uid ? {} : { fix: "Drop CAP_FOWNER." }),
        witness: () =>
          link
            ? [ownerText(model, node, identity), "so you can change its group and times"]
            : [
                ...decide(model, identity, "chmod", reachedPath(scan, number)).why,
                "an owner can give himself write at any time, whatever the mode says now",
              ],
      };
    }
  },
};

function reachedPath(scan: Scan, number: number): string {
  return scan.model.node(scan.view.bestName(number))?.path ?? "/";
}

/** What the image does not tell is not proven, and never passes. */
export const undecidable: Rule = {
  code: "LI-UNDECIDABLE",
  title: "the image does not tell whether an object can be changed",
  route: "undecidable",
  fix: "Mend or remove what is malformed: an ACL by setfacl -b, or lithify seal; file capabilities by setcap -r.",
  *check(scan) {
    yield* undecidableObjects(scan);
    if (!scan.identity.noNewPrivileges) yield* undecidableCapabilities(scan);
    yield* undecidableAccounts(scan);
    yield* startTroubles(scan);
    for (const { value, place } of scan.launch?.unknown ?? []) {
      const fix = "Say it in the manifest itself, or put it into the image.";
      yield { path: "/", cause: `manifest ${value}`, place, fix, witness: () => [value] };
    }
  },
};

function* undecidableObjects(scan: Scan): Iterable<Hit> {
  const { model, view, identity } = scan;
  const { isReachUnsure } = view;
  const isAnyDoubt = model.doubts.size > 0;
  const numbers = model.protectedLike((kind) => {
    if (isAnyDoubt || (isReachUnsure && ownsLike(kind, identity))) return true;
    const want = kind.type === "directory" ? write | execute : write;
    const { answer } = permissionOf(kind, identity, want);
    return answer === "unknown" || (answer === "yes" && isReachUnsure);
  });
  for (const number of numbers) {
    const operation = undecidedOn(scan, number);
    if (operation === undefined) continue;
    const node = model.node(number);
    if (node === undefined) continue;
    const doubt = model.doubts.get(number);
    const name = reachedPath(scan, number);
    yield {
      path: node.path,
      cause:
        permissionOf(node, identity, write).trouble ??
        (doubt === undefined ? "above" : doubtText(doubt)),
      witness: () => decide(model, identity, operation, name).why,
      ...(isAnyDoubt ? { fix: doubtFix } : {}),
    };
  }
}

/** What cannot be told of an object, by the name under which it is reached best. */
function undecidedOn({ model, view }: Scan, number: number): Operation | undefined {
  const type = model.kind(number)?.type;
  const name = view.bestName(number);
  if (type === "directory" && view.addable(number) === "unknown") return "create";
  if (type !== "directory" && type !== "symlink" && view.writable(name) === "unknown") {
    return type === "file" ? "open-write" : "access-write";
  }
  if (view.owned(name) !== "unknown") return undefined;
  return type === "symlink" ? "utimes" : "chmod";
}

const doubtFix =
  "Let every layer name the directories that it puts something into, with their modes; remove default ACLs: setfacl -k. lithify seal closes what is below.";

function* undecidableCapabilities(scan: Scan): Iterable<Hit> {
  for (const number of capablePrograms(scan)) {
    const trouble = capabilityTrouble(scan, number);
    const path = scan.model.node(number)?.path;
    if (trouble === undefined || path === undefined) continue;
    yield {
      path,
      cause: `capabilities ${trouble}`,
      witness: () => [
        `\`${path}\` has malformed file capabilities: ${trouble}`,
        "engines refuse it or leave them out, so what it gains when you execute it cannot be told",
      ],
    };
  }
}

/** A line that engines may read otherwise than we do decides who the identity is. */
function* undecidableAccounts(scan: Scan): Iterable<Hit> {
  for (const { path, line, text } of malformedAccounts(scan.model.accounts, scan.identity)) {
    yield {
      path,
      cause: path,
      witness: () => [
        `line ${line} of \`${path}\` is malformed: ${JSON.stringify(text.slice(0, 100))}`,
        "engines read such a line in different ways, and it names your user",
      ],
    };
  }
}

/** A protected tree that the image does not have. */
export const missing: Rule = {
  code: "LI-MISSING",
  title: "a protected tree is not in the image",
  route: "missing",
  fix: "Mend the path in lithify.yaml, or add the tree to the image.",
  *check(scan) {
    for (const path of scan.model.missing) {
      yield {
        path,
        cause: path,
        witness: () => [`\`${path}\` is no directory of the image, so nothing about it is proven`],
      };
    }
  },
};

/** True for an identity that no mode stops: its findings are the one of LI-ROOT. */
export function isAllPowerful(identity: { readonly capabilities: readonly string[] }): boolean {
  return identity.capabilities.includes("CAP_DAC_OVERRIDE");
}
