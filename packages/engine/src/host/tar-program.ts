import { spawn } from "node:child_process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Fault } from "@lithify/fault";
import { encodeName } from "@lithify/oci";
import { lastLine, startFault } from "./program.ts";

const archive = [
  "--create",
  "--file=-",
  "--format=posix",
  "--pax-option=delete=atime,delete=ctime",
  "--numeric-owner",
  "--sort=name",
  "--xattrs",
  "--xattrs-include=*",
];

const extract = [
  "--extract",
  "--file=-",
  "--preserve-permissions",
  "--same-owner",
  "--numeric-owner",
  "--delay-directory-restore",
  "--xattrs",
  "--xattrs-include=*",
  "--warning=no-timestamp",
];

/**
 * A tar archive of everything below a directory, or of the one object `only`, extended attributes included.
 * Changes while it is read are no fault, as in any live tree. Throws Fault KERNEL_REFUSED.
 */
export async function* archiveOf(
  tar: string,
  directory: string,
  only?: string,
): AsyncGenerator<Uint8Array> {
  // The one name goes in by stdin, because arguments cannot hold bytes that are no UTF-8.
  const members = only === undefined ? ["."] : ["--no-recursion", "--null", "--files-from=-"];
  const child = spawn(tar, [...archive, `--directory=${directory}`, ...members], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {}); // it ended early: its exit code tells
  child.stdin.end(only === undefined ? undefined : encodeName(`./${only}`));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4096);
  });
  const ended = endOf(tar, child);
  ended.catch(() => {}); // awaited below, after the stream
  try {
    for await (const chunk of child.stdout) yield chunk as Uint8Array;
    // 1: a file changed while it was read (GNU tar, Return Values).
    if ((await ended) > 1)
      throw new Fault("KERNEL_REFUSED", "read a file tree", { why: lastLine(said) });
  } finally {
    child.kill();
  }
}

/** Unpacks an archive into a directory, with owners, modes, devices and extended attributes. Throws Fault UNPACK_FAILED, DISK_FULL. */
export async function extractInto(
  tar: string,
  directory: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  const child = spawn(tar, [...extract, `--directory=${directory}`], {
    stdio: ["pipe", "ignore", "pipe"],
    env: { LC_ALL: "C" },
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(0, 4096);
  });
  const ended = endOf(tar, child);
  const fed = pipeline(Readable.from(bytes, { objectMode: true }), child.stdin);
  const [feeding, exit] = await Promise.allSettled([fed, ended]);
  if (exit.status === "rejected") throw exit.reason;
  if (feeding.status === "rejected" && !isBrokenPipe(feeding.reason)) throw feeding.reason;
  if (exit.value === 0) return;
  const code = said.includes("No space left on device") ? "DISK_FULL" : "UNPACK_FAILED";
  throw new Fault(code, "unpack a layer", {
    why: said.split("\n")[0] ?? "",
    values: { directory },
  });
}

function endOf(tar: string, child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => reject(startFault(tar, cause)));
    child.on("close", (code) => resolve(code ?? 128));
  });
}

/** The program ended first: what it said is the reason. */
function isBrokenPipe(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return code === "EPIPE" || code === "ERR_STREAM_PREMATURE_CLOSE";
}
