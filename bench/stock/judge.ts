import { explanationOf } from "./explanations.ts";

interface Finding {
  readonly rule: string;
  readonly path: string;
  readonly alsoPaths?: readonly string[];
  readonly identity: string;
}

export interface AuditDocument {
  readonly objects: number;
  readonly seconds: number;
  readonly findings: readonly Finding[];
  readonly identities: readonly {
    readonly name: string;
    readonly uid: number;
    readonly gid: number;
  }[];
}

export interface ProveDocument {
  readonly seconds: number;
  readonly attempts: readonly {
    readonly path: string;
    readonly identity: string;
    readonly operation: string;
    readonly observed: string;
    readonly errno?: string;
  }[];
  readonly disagreements: readonly unknown[];
  readonly residue: readonly unknown[];
}

/** One finding, and why it is no false alarm. */
export interface Judged {
  readonly image: string;
  readonly identity: string;
  readonly rule: string;
  readonly path: string;
  readonly objects: number;
  /** What the proof was allowed to do to the objects of the finding; none where it tries nothing of the kind. */
  readonly allowed: readonly string[];
  /** Of its root cause, written by hand. */
  readonly explanation: string | undefined;
  /** Why the finding holds though the proof did not do it; only needed where `allowed` is empty. */
  readonly reason: string | undefined;
}

/** Findings whose route the proof does not try, and what shows them to be true instead. */
const shownElsewhere: Readonly<Record<string, string>> = {
  "LI-LINK": "not tried: the target lies in a path that the policy declares writable",
};

/** What a finding says that can be done. */
const deeds: Readonly<Record<string, readonly string[]>> = {
  "LI-CONTENT": ["open-write"],
  "LI-ACL": ["open-write"],
  "LI-OWNER": ["chmod", "chgrp", "utimes"],
  "LI-REPLACE": ["rename"],
  "LI-ANCESTOR": ["rename"],
  "LI-ADD": ["create", "mkdir"],
  "LI-STICKY": ["create", "mkdir"],
  "LI-SETID": ["execute-as"],
  "LI-FILECAP": ["execute-as"],
};

/** Each finding of an audit beside the proof of the same image for the same identities. */
export function judged(
  image: string,
  audit: AuditDocument,
  proof: ProveDocument,
): readonly Judged[] {
  return audit.findings.map((finding) => {
    const paths = new Set([finding.path, ...(finding.alsoPaths ?? [])]);
    const tried = proof.attempts.filter(
      ({ identity, operation, path }) =>
        identity === finding.identity &&
        (finding.rule === "LI-ROOT" || paths.has(path)) &&
        (deeds[finding.rule]?.includes(operation) ?? true),
    );
    const done = tried.filter(({ observed }) => observed === "allowed");
    return {
      image,
      identity: finding.identity,
      rule: finding.rule,
      path: finding.path,
      objects: paths.size,
      allowed: [...new Set(done.map(({ operation }) => operation))],
      explanation: explanationOf(image, finding.rule, finding.path),
      reason: shownElsewhere[finding.rule] ?? overlayReason(tried),
    };
  });
}

/** Only where that is all that hindered: the kernel had let the rename through to the overlay. */
function overlayReason(tried: ProveDocument["attempts"]): string | undefined {
  return tried.length > 0 && tried.every(({ errno }) => errno === "EXDEV")
    ? "rename gave EXDEV: an overlay does not move directories of lower layers, other storage does (route 4)"
    : undefined;
}

/** Findings that nothing confirms, or that nobody has explained. */
export function openFindings(all: readonly Judged[]): readonly Judged[] {
  return all.filter(
    ({ allowed, explanation, reason }) =>
      explanation === undefined || (allowed.length === 0 && reason === undefined),
  );
}
