import { posix } from "node:path";
import { decodeName } from "@lithify/oci";

/** One system call that changes the file system, or would have. */
export interface TracedWrite {
  readonly operation: "write" | "create" | "remove" | "attributes";
  /** Absolute, links as the program named them. */
  readonly path: string;
  /** Left out when it was done. EACCES, EPERM or EROFS. */
  readonly errno?: string;
}

/**
 * The writes of an strace output (`-f -y -o`), from the first successful execve of `first` on: what came before
 * belongs to the engine. Calls that failed for other reasons than a refusal are left out. Relative paths are those of
 * the process's own directory, which is followed through chdir and new processes from `workingDirectory` on.
 */
export function parseTrace(
  text: string,
  workingDirectory: string,
): { readonly started: boolean; readonly writes: readonly TracedWrite[] } {
  const directories = new Map<string, string>();
  const pending = new Map<string, string>();
  const writes: TracedWrite[] = [];
  let started = false;
  const lines = text.split("\n");
  const parents = parentsOf(lines);
  for (const line of lines) {
    const call = wholeCall(line, pending);
    if (call === undefined) continue;
    const { pid, name, args, result, errno } = call;
    if (!started) {
      started = name === "execve" && errno === undefined;
      continue;
    }
    const cwd = directories.get(pid) ?? directories.get(parents.get(pid) ?? "") ?? workingDirectory;
    directories.set(pid, cwd);
    if (errno === undefined) followDirectory(call, cwd, directories);
    if (errno !== undefined && !refusals.has(errno)) continue;
    for (const [operation, path] of changesOf(name, args, result, cwd))
      writes.push({ operation, path, ...(errno === undefined ? {} : { errno }) });
  }
  return { started, writes };
}

const refusals = new Set(["EACCES", "EPERM", "EROFS"]);

interface Call {
  readonly pid: string;
  readonly name: string;
  readonly args: readonly string[];
  readonly result: string;
  readonly errno?: string;
}

/** A call in one line, also when another process came between its beginning and its end. */
function wholeCall(line: string, pending: Map<string, string>): Call | undefined {
  const [, pid = "", rest = ""] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
  const open = / <unfinished \.\.\.>$/.exec(rest);
  if (open !== null) {
    pending.set(pid, rest.slice(0, open.index));
    return undefined;
  }
  const resumed = /^<\.\.\. \w+ resumed>/.exec(rest);
  const whole = resumed === null ? rest : (pending.get(pid) ?? "") + rest.slice(resumed[0].length);
  const found = /^(\w+)\((.*)\)\s+= (-?\w+)(.*)$/s.exec(whole);
  if (found === null) return undefined;
  const [, name = "", args = "", value = "", more = ""] = found;
  const errno = value === "-1" ? (/^ (E\w+)/.exec(more)?.[1] ?? "UNKNOWN") : undefined;
  return {
    pid,
    name,
    args: splitArguments(args),
    result: value + more,
    ...(errno === undefined ? {} : { errno }),
  };
}

/** At commas outside of strings, brackets and the paths behind descriptors. */
function splitArguments(text: string): readonly string[] {
  const parts: string[] = [];
  let [depth, from, isQuoted] = [0, 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at] ?? "";
    if (isQuoted) {
      if (letter === "\\") at += 1;
      else if (letter === '"') isQuoted = false;
    } else if (letter === '"') isQuoted = true;
    else if ("[{(".includes(letter)) depth += 1;
    else if ("]})".includes(letter)) depth -= 1;
    else if (letter === "," && depth === 0) {
      parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return [...parts, text.slice(from).trim()];
}

function followDirectory(call: Call, cwd: string, directories: Map<string, string>): void {
  const { pid, name, args } = call;
  if (name === "chdir") directories.set(pid, pathAt(cwd, args[0]));
  else if (name === "fchdir") directories.set(pid, pathBehind(args[0]) ?? cwd);
}

/** The parent of each process: its child's first calls may stand before the line that names the child. */
function parentsOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const parents = new Map<string, string>();
  const pending = new Map<string, string>();
  for (const line of lines) {
    const call = wholeCall(line, pending);
    if (call === undefined || !/^(?:clone3?|v?fork)$/.test(call.name)) continue;
    // `7 /* 4711 in strace's PID NS */`: the container counts its processes anew.
    const child = (/\/\* (\d+) in strace/.exec(call.result) ?? /^(\d+)/.exec(call.result))?.[1];
    if (child !== undefined) parents.set(child, call.pid);
  }
  return parents;
}

type Change = readonly [TracedWrite["operation"], string];

/** What a call changes, by the position of its paths (the manual page of each). */
function changesOf(
  name: string,
  args: readonly string[],
  result: string,
  cwd: string,
): readonly Change[] {
  if (/^(?:open|openat|openat2|creat)$/.test(name)) return opened(name, args, result, cwd);
  const place = places[name];
  if (place === undefined) return [];
  return place.map(([operation, at, directory]) => {
    const base = directory === undefined ? cwd : (pathBehind(args[directory]) ?? cwd);
    return [operation, pathAt(base, args[at])] as const;
  });
}

/** The kernel's own path of a file that was opened is better than the program's: links are followed in it. */
function opened(
  name: string,
  args: readonly string[],
  result: string,
  cwd: string,
): readonly Change[] {
  const at = name.startsWith("openat") ? 1 : 0;
  const flags = name === "creat" ? "O_WRONLY|O_CREAT" : (args[at + 1] ?? "");
  if (!/O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE/.test(flags)) return [];
  const base = at === 1 ? (pathBehind(args[0]) ?? cwd) : cwd;
  const path = pathBehind(result.split(" ")[0]) ?? pathAt(base, args[at]);
  return [[/O_CREAT|O_TMPFILE/.test(flags) ? "create" : "write", path]];
}

/** Operation, index of the path, index of the directory that it is relative to. */
type Place = readonly [TracedWrite["operation"], number, number?];

const places: Readonly<Record<string, readonly Place[]>> = {
  mkdir: [["create", 0]],
  mkdirat: [["create", 1, 0]],
  mknod: [["create", 0]],
  mknodat: [["create", 1, 0]],
  symlink: [["create", 1]],
  symlinkat: [["create", 2, 1]],
  link: [["create", 1]],
  linkat: [["create", 3, 2]],
  unlink: [["remove", 0]],
  unlinkat: [["remove", 1, 0]],
  rmdir: [["remove", 0]],
  rename: [
    ["remove", 0],
    ["create", 1],
  ],
  renameat: [
    ["remove", 1, 0],
    ["create", 3, 2],
  ],
  renameat2: [
    ["remove", 1, 0],
    ["create", 3, 2],
  ],
  truncate: [["write", 0]],
  chmod: [["attributes", 0]],
  fchmodat: [["attributes", 1, 0]],
  chown: [["attributes", 0]],
  lchown: [["attributes", 0]],
  fchownat: [["attributes", 1, 0]],
  utime: [["attributes", 0]],
  utimes: [["attributes", 0]],
  utimensat: [["attributes", 1, 0]],
  setxattr: [["attributes", 0]],
  lsetxattr: [["attributes", 0]],
  removexattr: [["attributes", 0]],
};

function pathAt(base: string, argument = '""'): string {
  const named = unquote(argument);
  return posix.resolve(base, named === "" ? "." : named);
}

/** `3</run/x>` and `AT_FDCWD</srv>`: what strace -y says behind a descriptor. */
function pathBehind(argument = ""): string | undefined {
  const path = /^(?:\d+|AT_FDCWD)<(\/.*)>$/s.exec(argument)?.[1];
  return path === undefined ? undefined : unescaped(path).replace(/ \(deleted\)$/, "");
}

function unquote(argument: string): string {
  const inner = /^"(.*)"(?:\.\.\.)?$/s.exec(argument)?.[1];
  return inner === undefined ? "" : unescaped(inner);
}

/** Octal and letter escapes of strace, back to bytes, and those to a name. */
function unescaped(text: string): string {
  if (!text.includes("\\")) return text;
  const bytes = Buffer.from(text, "latin1");
  const out: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const octal = /^\\([0-7]{1,3})/.exec(text.slice(at, at + 4))?.[1];
    const letter = text[at + 1] ?? "";
    if (octal !== undefined) {
      out.push(Number.parseInt(octal, 8));
      at += octal.length;
    } else if (text[at] === "\\") {
      out.push((letters[letter] ?? letter).charCodeAt(0));
      at += 1;
    } else out.push(bytes[at] ?? 0);
  }
  return decodeName(Buffer.from(out));
}

const letters: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  v: "\v",
  f: "\f",
  a: "\x07",
};
