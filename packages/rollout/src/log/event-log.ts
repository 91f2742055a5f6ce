import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { Fault } from "@lithify/fault";
import type { RolloutEvent } from "../core/event.ts";

/** A rollout's events: JSON, one a line, each on the disk before `append` returns. */
export interface EventLog {
  readonly events: readonly RolloutEvent[];
  /** Bytes at the end that a crash left of an event; they were cut off. */
  readonly tornBytes: number;
  append(event: RolloutEvent): void;
  close(): void;
}

/**
 * Opens a log for appending, makes it when it is missing, and cuts off a torn last line.
 * @throws Fault ROLLOUT_LOG_INVALID when a whole line is not an event, ROLLOUT_STATE_UNWRITABLE
 */
export function openEventLog(file: string): EventLog {
  const { events, goodBytes, tornBytes } = readEventLog(file);
  const descriptor = openForAppending(file, goodBytes);
  const all = [...events];
  return {
    events: all,
    tornBytes,
    append: (event) => {
      try {
        writeAll(descriptor, Buffer.from(`${JSON.stringify(event)}\n`));
        fsyncSync(descriptor);
      } catch (cause) {
        throw unwritable(file, cause);
      }
      all.push(event);
    },
    close: () => closeSync(descriptor),
  };
}

function openForAppending(file: string, goodBytes: number): number {
  try {
    const descriptor = openSync(file, "a", 0o600);
    ftruncateSync(descriptor, goodBytes);
    fsyncSync(descriptor);
    syncDirectory(dirname(file));
    return descriptor;
  } catch (cause) {
    throw unwritable(file, cause);
  }
}

/** Reads without changing anything: what another process does with a rollout that is under way. */
export function readEventLog(file: string): {
  readonly events: readonly RolloutEvent[];
  readonly goodBytes: number;
  readonly tornBytes: number;
} {
  const bytes = readOrNothing(file);
  // An event without its newline was not acknowledged to anyone.
  const goodBytes = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, goodBytes).toString("utf8").split("\n").slice(0, -1);
  const events = lines.map((line, i) => parseEvent(line, file, i + 1));
  return { events, goodBytes, tornBytes: bytes.length - goodBytes };
}

function parseEvent(line: string, file: string, number: number): RolloutEvent {
  const value = parseJson(line);
  if (typeof value === "object" && value !== null && "type" in value && "at" in value) {
    const first = number === 1 ? value.type === "started" : true;
    if (typeof value.type === "string" && typeof value.at === "number" && first) {
      return value as RolloutEvent;
    }
  }
  throw new Fault("ROLLOUT_LOG_INVALID", `the event log ${file}`, {
    why: number === 1 ? "its first line is not a `started` event" : `line ${number} is no event`,
    place: { file, line: number },
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function readOrNothing(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR") return Buffer.alloc(0);
    throw error;
  }
}

function unwritable(path: string, cause: unknown): Fault {
  return new Fault("ROLLOUT_STATE_UNWRITABLE", `write ${path}`, {
    why: (cause as Error).message,
    values: { path },
    cause,
  });
}

function writeAll(descriptor: number, bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(descriptor, bytes, written);
}

function syncDirectory(directory: string): void {
  const descriptor = openSync(directory, "r");
  fsyncSync(descriptor);
  closeSync(descriptor);
}
