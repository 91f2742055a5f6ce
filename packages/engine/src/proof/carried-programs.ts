import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rm } from "node:fs/promises";
import { type TarInput, writeTar } from "@lithify/oci";
import { type Attempt, defaultCapabilities, type Identity, type StandIn } from "@lithify/seal";
import type { Instance } from "../engine.ts";
import { findProgram } from "../host/program.ts";
import { extractInto } from "../host/tar-program.ts";
import type { ProbeAnswer } from "./run-probe.ts";
import { sideCalls } from "./side-calls.ts";
import { gainOf, notStarted, statusProgram } from "./stand-in-gain.ts";
import {
  hasSystemCallPrograms,
  type SystemCall,
  systemCallProgram,
} from "./system-call-program.ts";

/** What is tried by programs of our own in the root file system of a throwaway container. */
export interface CarriedPrograms {
  /** For the probe: one `run` for each program. */
  readonly requests: readonly { readonly operation: "run"; readonly path: string }[];
  /** From the answers to these requests, one for each of the attempts, then one for each of the stand-ins. */
  answers(found: readonly ProbeAnswer[]): readonly ProbeAnswer[];
  remove(): Promise<void>;
}

/**
 * Puts the programs into the root of a running container, as root of this machine: one that makes the calls of the attempts, and
 * for each stand-in one of its owner, bits and capabilities that says who it is. Where none can be put, every answer is inconclusive.
 */
export async function placePrograms(
  instance: Instance,
  attempts: readonly Attempt[],
  standIns: readonly StandIn[],
  {
    identity,
    workingDirectory,
  }: { readonly identity: Identity; readonly workingDirectory: string },
): Promise<CarriedPrograms> {
  const none = (why: string): CarriedPrograms => ({
    requests: [],
    answers: () => [...attempts, ...standIns].map(() => ({ observed: "inconclusive", why })),
    remove: async () => {},
  });
  if (!hasSystemCallPrograms()) return none("no program is carried for this processor");
  const state = await instance.state();
  if (state.answer === "ended") return none("the container has ended");
  const fence = await fenceOf(state.pid, identity);
  const side = sideCalls(attempts, workingDirectory, fence);
  const place = `/.lithify-probe-${randomBytes(4).toString("hex")}`;
  const directory = `/proc/${state.pid}/root${place}`;
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    await mkdir(directory);
    await chmod(directory, 0o755);
  } catch (error) {
    const errno = error instanceof Error && "code" in error ? String(error.code) : String(error);
    return none(`no program can be put into the root file system: ${errno}`);
  }
  try {
    const programs = [callsFile(side.calls), ...standIns.map(standInFile)];
    await extractInto(findProgram(process.env, "tar"), directory, writeTar(programs));
  } catch (error) {
    await remove();
    throw error;
  }
  const names = ["calls", ...standIns.map((_, index) => `as-${index}`)];
  return {
    requests: names.map((name) => ({ operation: "run", path: `${place}/${name}` })),
    answers: ([calls, ...runs]) => [
      ...(calls?.output === undefined
        ? attempts.map(() => notStarted(calls))
        : side.answers(Buffer.from(calls.output, "base64"))),
      ...standIns.map((standIn, index) => gainOf(standIn, identity, runs[index])),
    ],
    remove,
  };
}

async function fenceOf(pid: number, { bounding, capabilities }: Identity) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const held = [...(bounding ?? defaultCapabilities), ...capabilities];
  return {
    hasFilter: /^Seccomp:\s*2$/m.test(status),
    mayAdminister: held.includes("CAP_SYS_ADMIN"),
  };
}

function callsFile(calls: readonly SystemCall[]): TarInput {
  return programFile("calls", systemCallProgram(calls), { mode: 0o755, uid: 0, gid: 0 });
}

/** Others may execute it: who may execute the image's own was decided before. */
function standInFile({ bits, uid, gid, capability }: StandIn, index: number): TarInput {
  const xattrs = new Map(
    capability === undefined ? [] : [["security.capability", capability] as const],
  );
  return programFile(`as-${index}`, statusProgram(), { mode: bits | 0o705, uid, gid, xattrs });
}

function programFile(
  path: string,
  body: Buffer,
  attributes: Pick<TarInput["entry"], "mode" | "uid" | "gid"> &
    Partial<Pick<TarInput["entry"], "xattrs">>,
): TarInput {
  const plain = { path, type: "file", size: body.length, mtime: 1, xattrs: new Map() } as const;
  return { entry: { ...plain, ...attributes }, body };
}
