import { relative } from "node:path";
import { getSystemErrorName } from "node:util";
import { encodeName } from "@lithify/oci";
import type { Attempt } from "@lithify/seal";
import type { ProbeAnswer } from "./run-probe.ts";
import { callNumbers, callResults, type SystemCall } from "./system-call-program.ts";

/** Attempts that Node has no function for, as system calls; the answers in the same order. */
export interface SideCalls {
  readonly calls: readonly SystemCall[];
  answers(written: Buffer): readonly ProbeAnswer[];
}

/** Whether an attempt is one of them. */
export function isSideCall({ operation }: Attempt): boolean {
  return operation === "unshare" || operation in makers;
}

/** What the surroundings say of user namespaces: with CAP_SYS_ADMIN in the bounding set the filters of engines let them pass. */
export interface NamespaceFence {
  readonly hasFilter: boolean;
  readonly mayAdminister: boolean;
}

/** Every attempt by its path and by the path from the working directory, as the probe does. */
export function sideCalls(
  attempts: readonly Attempt[],
  workingDirectory: string,
  fence: NamespaceFence,
): SideCalls {
  const planned = attempts.map(({ operation, path }) => ({
    operation,
    forms: operation === "unshare" ? [[unshare]] : pathForms(operation, path, workingDirectory),
  }));
  const calls = planned.flatMap(({ forms }) => forms.flat());
  return {
    calls,
    answers: (written) => {
      const results = callResults(calls, written);
      let at = 0;
      return planned.map(({ operation, forms }) => {
        const found = forms.map((form) => {
          const outcome = outcomeOf(form, results.slice(at, at + form.length));
          at += form.length;
          return answerOf(operation, outcome, fence);
        });
        const [first = unanswered, second] = found;
        if (first.errno !== "EACCES" || second?.observed !== "allowed") return first;
        return { ...second, why: `from the working directory ${workingDirectory}` };
      });
    },
  };
}

const unanswered: ProbeAnswer = { observed: "inconclusive", why: "it was not tried" };

function pathForms(
  operation: string,
  path: string,
  workingDirectory: string,
): readonly (readonly SystemCall[])[] {
  const isAbove = workingDirectory === "/";
  const forms = isAbove ? [path] : [path, relative(workingDirectory, path) || "."];
  return forms.map((form) => makers[operation]?.(text(form)) ?? []);
}

const makers: Readonly<Record<string, (path: Uint8Array) => readonly SystemCall[]>> = {
  "set-attribute": (path) => {
    const name = text("user.lithify-probe");
    const create = 1; // XATTR_CREATE
    const args = [path, name, text("x"), 1, create];
    return [
      { number: callNumbers.lsetxattr, args, skip: 1 },
      { number: callNumbers.lremovexattr, args: [path, name] },
    ];
  },
  "remove-acl": (path) => [
    { number: callNumbers.lremovexattr, args: [path, text("system.posix_acl_access")] },
  ],
  "same-flags": (path) => {
    const flags = new Uint8Array(8);
    const [readFlags, writeFlags] = [0x80086601, 0x40086602]; // FS_IOC_GETFLAGS, FS_IOC_SETFLAGS
    const opened = 0o400000 | 0o4000; // O_NOFOLLOW, O_NONBLOCK; the first free descriptor is 3
    return [
      { number: callNumbers.open, args: [path, opened], skip: 3 },
      { number: callNumbers.ioctl, args: [3, readFlags, flags], skip: 1 },
      { number: callNumbers.ioctl, args: [3, writeFlags, flags] },
      { number: callNumbers.close, args: [3] },
    ];
  },
};

const unshare: SystemCall = { number: callNumbers.unshare, args: [0x10000000 | 0x00020000] }; // CLONE_NEWUSER, CLONE_NEWNS

/** The first error decides; what comes after success (remove, close) tells whether it was put back. */
function outcomeOf(
  calls: readonly SystemCall[],
  results: readonly (number | undefined)[],
): { readonly errno?: string; readonly why?: string } {
  const failed = results.findIndex((result) => result !== undefined && result < 0);
  if (failed === -1) return {};
  const errno = getSystemErrorName(results[failed] ?? -1);
  const isUndoing = failed > 0 && calls[failed]?.number === callNumbers.lremovexattr;
  return isUndoing ? { why: `could not be put back: ${errno}` } : { errno };
}

function answerOf(
  operation: string,
  { errno, why }: { readonly errno?: string; readonly why?: string },
  fence: NamespaceFence,
): ProbeAnswer {
  if (errno === undefined && operation === "unshare") return namespaceAnswer(fence);
  // The owner was asked first: there is no ACL to remove.
  if (errno === undefined || (errno === "ENODATA" && operation === "remove-acl"))
    return { observed: "allowed", ...(why === undefined ? {} : { why }) };
  if (["EACCES", "EPERM", "EROFS"].includes(errno)) return { observed: "denied", errno };
  return { observed: "inconclusive", errno, why: reasons[errno] ?? "neither done nor refused" };
}

/** What is mounted in a user namespace only its own processes see, so nothing of the image was changed by it. */
function namespaceAnswer({ hasFilter, mayAdminister }: NamespaceFence): ProbeAnswer {
  if (hasFilter && !mayAdminister) return { observed: "allowed" };
  const why = hasFilter
    ? "the engine's filter lets it pass where CAP_SYS_ADMIN is in the bounding set"
    : "the engine set no system-call filter";
  return { observed: "inconclusive", why: `${why}: mounts in it only its own processes see` };
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "the object is not there at run time",
  ENOSPC: "the file system is full, or the kernel's number of namespaces is",
  ENOTTY: "the file system does not have this operation",
  EOPNOTSUPP: "the file system does not have this operation",
  EEXIST: "the attribute is there already",
};

function text(value: string): Uint8Array {
  return Buffer.concat([encodeName(value), Buffer.of(0)]);
}
