import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Fault } from "@lithify/fault";
import type { OperatorCommand, RolloutEvent } from "../core/event.ts";
import { foldLog } from "../core/state.ts";
import { type RolloutStatus, statusOf } from "../core/status.ts";
import { readEventLog } from "../log/event-log.ts";
import { isRolloutName } from "../plan/name.ts";

/** The directory of one rollout: its log, its splitter's socket, the commands that wait for its controller. */
export interface Room {
  readonly name: string;
  readonly directory: string;
  readonly logFile: string;
  readonly socket: string;
}

/** Where rollouts live: LITHIFY_STATE/rollouts, or lithify/rollouts under the XDG state directory. */
export function stateDirectory(env: NodeJS.ProcessEnv): string {
  if (env.LITHIFY_STATE) return env.LITHIFY_STATE;
  return join(env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "lithify");
}

/** The room of a rollout, which need not exist. @throws Fault ROLLOUT_UNKNOWN for what cannot be a name */
export function roomOf(state: string, name: string): Room {
  if (!isRolloutName(name)) throw unknown(name, "this cannot be the name of a rollout");
  const directory = join(state, "rollouts", name);
  return { name, directory, logFile: join(directory, "events.jsonl"), socket: socketOf(directory) };
}

/** The same, with its directory made; only its owner may use it. @throws Fault ROLLOUT_STATE_UNWRITABLE */
export function makeRoom(state: string, name: string): Room {
  const room = roomOf(state, name);
  try {
    mkdirSync(join(room.directory, "commands"), { recursive: true, mode: 0o700 });
    chmodSync(room.directory, 0o700);
  } catch (cause) {
    throw new Fault("ROLLOUT_STATE_UNWRITABLE", `make ${room.directory}`, {
      why: (cause as Error).message,
      values: { path: room.directory },
      cause,
    });
  }
  const socketDirectory = join(room.socket, "..");
  if (socketDirectory !== room.directory) makePrivate(socketDirectory);
  return room;
}

/** What the log of a rollout says now; from any process. @throws Fault ROLLOUT_UNKNOWN */
export function readStatus(state: string, name: string): RolloutStatus {
  const room = roomOf(state, name);
  const status = existsSync(room.logFile) ? statusOf(readEventLog(room.logFile).events) : undefined;
  if (status === undefined) throw unknown(name, `nothing in ${room.directory}`);
  return status;
}

/** The names of all rollouts that have begun, sorted. */
export function listRollouts(state: string): readonly string[] {
  const directory = join(state, "rollouts");
  if (!existsSync(directory)) return [];
  return (
    readdirSync(directory)
      // A log without a whole event is one that is just being begun.
      .filter((name) => readEventLog(join(directory, name, "events.jsonl")).events.length > 0)
      .sort()
  );
}

/**
 * Leaves a command for the controller, which takes it within a moment, or when it is started again.
 * @throws Fault ROLLOUT_UNKNOWN, ROLLOUT_ENDED
 */
export function giveCommand(state: string, name: string, command: OperatorCommand): void {
  const status = readStatus(state, name);
  if (status.phase === "completed" || status.phase === "rolledBack") {
    throw new Fault("ROLLOUT_ENDED", `${command.do} the rollout ${name}`, {
      why: `it has ended: ${status.phase}`,
    });
  }
  const directory = join(roomOf(state, name).directory, "commands");
  const file = `${String(Date.now()).padStart(15, "0")}-${process.pid}.json`;
  const temporary = join(directory, `.${file}`);
  const descriptor = openSync(temporary, "w", 0o600);
  writeSync(descriptor, JSON.stringify(command));
  fsyncSync(descriptor);
  closeSync(descriptor);
  renameSync(temporary, join(directory, file));
}

/**
 * The oldest command that waits and is not in the log yet. Its file goes away when it is: a crash in between
 * neither loses a command nor carries it out twice.
 */
export function nextCommand(
  room: Room,
  logged: readonly RolloutEvent[],
): OperatorCommand | undefined {
  const directory = join(room.directory, "commands");
  const files = readdirSync(directory).filter((file) => file.endsWith(".json") && file[0] !== ".");
  for (const id of files.sort()) {
    const path = join(directory, id);
    const known = logged.some((event) => event.type === "operator" && event.command.id === id);
    const command = known ? undefined : parseCommand(readFileSync(path, "utf8"), id);
    if (command !== undefined) return command;
    rmSync(path);
  }
  return undefined;
}

/** Puts the log of an ended rollout aside, so that the next one of this name begins with an empty one. */
export function rotateEndedLog(room: Room): void {
  if (!existsSync(room.logFile)) return;
  const state = foldLog(readEventLog(room.logFile).events);
  if (state === undefined || state.stage !== "ended") return;
  renameSync(room.logFile, join(room.directory, `events-${state.startedAt}.jsonl`));
  const commands = join(room.directory, "commands");
  for (const file of readdirSync(commands)) rmSync(join(commands, file));
}

function parseCommand(text: string, id: string): OperatorCommand | undefined {
  try {
    const value = JSON.parse(text) as Partial<OperatorCommand>;
    if (value.do === "abort") return { do: "abort", id };
    if (value.do === "promote") return { do: "promote", full: value.full === true, id };
  } catch {
    // Not ours; it is taken away all the same, so that it does not stand in the way.
  }
  return undefined;
}

/** A path of a unix socket holds 107 bytes (unix(7)); a longer one moves below the temporary directory. */
function socketOf(directory: string): string {
  const near = join(directory, "splitter.sock");
  if (Buffer.byteLength(near) <= 107) return near;
  const short = createHash("sha256").update(directory).digest("hex").slice(0, 24);
  return join(tmpdir(), `lithify-${process.getuid?.() ?? 0}-${short}`, "s");
}

/** A directory in a place where others write: it must be ours alone. */
function makePrivate(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const stat = statSync(directory);
  if (stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0) return;
  throw new Fault("SPLITTER_FAILED", `use ${directory} for the splitter's socket`, {
    why: "it belongs to somebody else or others may enter it",
    values: { directory },
  });
}

function unknown(name: string, why: string): Fault {
  return new Fault("ROLLOUT_UNKNOWN", `the rollout ${name}`, { why, values: { name } });
}
