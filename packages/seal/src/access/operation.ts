import type { RouteName } from "./finding.ts";

/**
 * What a process tries on one path. The model answers for a **writable root**: a read-only mount is
 * never counted, so the proof must run with one that is writable too.
 *
 * Each probe below is harmless, runs as the identity (uid, gid, groups, no capabilities,
 * no new privileges) and puts back what it changed. It uses the absolute path as given; when that
 * gives EACCES and the image's WORKDIR is the path itself or lies above or below it, it tries once
 * more from there: the process starts with WORKDIR as its current directory, never leaves it, and
 * uses the relative path (`../../` included; for `rename` that of the directory that holds it, then the
 * name, since `..` itself cannot be renamed). RANDOM is a name like `.lithify-probe-1f9c03ab`.
 *
 * | operation | path is | probe | put back |
 * |---|---|---|---|
 * | `open-write` | regular file | `open(path, O_WRONLY \| O_NOFOLLOW \| O_CLOEXEC)`, without O_TRUNC and O_CREAT; nothing is written | `close` |
 * | `access-write` | fifo, socket, device | `access(path, W_OK)`; nothing is opened | |
 * | `create` | directory | `open(path/RANDOM, O_WRONLY \| O_CREAT \| O_EXCL, 0600)` | `unlink` |
 * | `mkdir` | directory | `mkdir(path/RANDOM, 0700)` | `rmdir` |
 * | `symlink` | directory | `symlink("lithify-probe", path/RANDOM)` | `unlink` |
 * | `tmpfile-link` | directory | `fd = open(path, O_TMPFILE \| O_RDWR, 0600)`, then `link("/proc/self/fd/FD", path/RANDOM)` following the link; where link with AT_SYMLINK_FOLLOW cannot be called, the O_TMPFILE open alone decides | `unlink`, `close` |
 * | `rename` | any object but `/`, links not followed | `rename(path, parent/RANDOM)`; stands for unlink, rmdir, rename and exchange | `rename(parent/RANDOM, path)` |
 * | `chmod` | any object but a symbolic link | `chmod(path, its present mode)`; with set-id bits and a group that the identity does not hold as `utimes`, which needs the same: chmod would take set-group-id | nothing changed |
 * | `chgrp` | any object, links not followed | `lchown(path, -1, its present gid)` (uid 4294967295 where -1 cannot be given) | `chmod` to the former mode when set-id bits went (the kernel clears them) |
 * | `utimes` | any object, links not followed | `lutimes(path, its present atime, its present mtime)`, explicit times, never UTIME_OMIT or UTIME_NOW | nothing changed |
 * | `link-target` | symbolic link whose target does not exist | `open(path, O_WRONLY \| O_CREAT, 0600)` without O_EXCL and O_NOFOLLOW, so that the target is created through the link; a missing parent of the target is made first with `mkdir` | `unlink` the target (its resolved path), `rmdir` the parents made |
 * | `link` | regular file | `link(path, parent/RANDOM)`: fs.protected_hardlinks asks for the owner or for read and write, before the directory is asked | `unlink` |
 * | `set-attribute` | regular file, directory | `lsetxattr(path, "user.lithify-probe", …, XATTR_CREATE)` | `lremovexattr` |
 * | `remove-acl` | any object but a symbolic link, without an access ACL and set-group-id | `lremovexattr(path, "system.posix_acl_access")`; that there is none (ENODATA) is asked after the owner | nothing changed |
 * | `same-flags` | regular file, directory | `open(path, O_RDONLY \| O_NOFOLLOW \| O_NONBLOCK)`, FS_IOC_GETFLAGS, FS_IOC_SETFLAGS with the same | nothing changed |
 *
 * Verdicts: success = allowed; EACCES, EPERM, EROFS = denied; all else = inconclusive. In particular
 * EXDEV (a directory of a lower overlay layer), EBUSY (a mount point), ETXTBSY (a running program),
 * EOPNOTSUPP and ENOSPC contradict neither answer.
 */
export type Operation =
  | "open-write"
  | "access-write"
  | "create"
  | "mkdir"
  | "symlink"
  | "tmpfile-link"
  | "rename"
  | "chmod"
  | "chgrp"
  | "utimes"
  | "link-target"
  | "link"
  | "set-attribute"
  | "remove-acl"
  | "same-flags";

/**
 * What the model says. `unknown`: the image does not tell (a malformed ACL, an object that is
 * not there); it counts as not proven, never as denied.
 */
export interface Decision {
  readonly answer: "allowed" | "denied" | "unknown";
  /** Step by step, in plain words, with the modes and owners that decide. */
  readonly why: readonly string[];
}

/** One thing that the proof tries live, with what the model expects of it. */
export interface Attempt {
  readonly route: RouteName;
  /** `execute-as`: a program of the proof's own with owner, mode and capabilities of the one at `path`; `unshare`: a user namespace. */
  readonly operation: Operation | "execute-as" | "unshare";
  readonly path: string;
  /** The identity's name. */
  readonly identity: string;
  readonly expected: Decision["answer"];
}

/** An attempt that `decide` answers for. */
export type ObjectAttempt = Attempt & { readonly operation: Operation };
