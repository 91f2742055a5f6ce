import type { Identity } from "../identity/identity.ts";
import { changesFiles, changingCapabilities } from "./capability.ts";
import {
  capablePrograms,
  gainedCapabilities,
  setIdPrograms,
  withSetId,
} from "./giving-programs.ts";
import type { Scan } from "./rule.ts";

/**
 * What an identity that a program gives can change and the plain one cannot, by itself or by further programs that it
 * may execute then, one after another; undefined: nothing. A program that has a finding of its own is no further one.
 */
export function gainOf(scan: Scan, gained: Identity): string | undefined {
  const own = ownGain(scan, gained);
  if (own !== undefined) return own;
  const found = new Set(capablePrograms(scan));
  const passed = new Set([idsOf(scan.identity), idsOf(gained)]);
  for (const number of setIdPrograms(scan)) {
    const next = gainedAt(scan, number);
    passed.add(idsOf(next));
    if (ownGain(scan, next) !== undefined) found.add(number);
  }
  return gainAfter(scan, gained, { found, passed });
}

/** Programs that the plain identity may execute and that give it something at once; ids that were asked for. */
interface Known {
  readonly found: ReadonlySet<number>;
  readonly passed: Set<string>;
}

function ownGain(scan: Scan, gained: Identity): string | undefined {
  const found = gained.capabilities.find(
    (name) => !scan.identity.capabilities.includes(name) && changesFiles(name, false),
  );
  if (found !== undefined) {
    return `it then holds ${gained.capabilities.length} capabilities, ${found} among them: ${changingCapabilities[found]}`;
  }
  const view = scan.model.viewOf(gained);
  for (const number of scan.model.protectedNumbers()) {
    if (scan.model.kind(number)?.type === "symlink") continue;
    const more = (["writable", "addable", "replaceable", "owned"] as const).find(
      (deed) => view[deed](number) !== "no" && scan.view[deed](number) === "no",
    );
    const path = more === undefined ? undefined : scan.model.node(number)?.path;
    if (path !== undefined) return `with that it can change \`${path}\`, which you cannot`;
  }
  return undefined;
}

function gainAfter(plain: Scan, gained: Identity, known: Known): string | undefined {
  const further: Scan = { ...plain, identity: gained, view: plain.model.viewOf(gained) };
  const through = (number: number) =>
    `with that it can execute \`${plain.model.node(number)?.path}\``;
  for (const number of capablePrograms(further).filter((each) => !known.found.has(each))) {
    const name = gainedCapabilities(further, number).find((each) => changesFiles(each, false));
    if (name !== undefined) return `${through(number)}, which gives ${name}`;
  }
  for (const number of setIdPrograms(further).filter((each) => !known.found.has(each))) {
    const next = gainedAt(further, number);
    if (known.passed.has(idsOf(next))) continue;
    known.passed.add(idsOf(next));
    const gain = ownGain(plain, next) ?? gainAfter(plain, next, known);
    if (gain !== undefined) return `${through(number)}, and then: ${gain}`;
  }
  return undefined;
}

function gainedAt({ model, identity }: Scan, number: number): Identity {
  const node = model.node(number);
  return node === undefined ? identity : withSetId(identity, node);
}

function idsOf({ uid, gid }: Identity): string {
  return `${uid}:${gid}`;
}
