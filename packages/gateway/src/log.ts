/** Priorities, most urgent first; a log at level n prints the first n + 1 of them. */
export const priorities = [
  "emerg",
  "alert",
  "critic",
  "error",
  "warn",
  "notice",
  "info",
  "debug",
] as const;

export type Priority = (typeof priorities)[number];

/** One event. `object` is shown as `kind(name)`; the default domain is not shown. */
export interface LogEvent {
  readonly domain?: string;
  /** Eight hexadecimal digits, without 0x. */
  readonly code: string;
  readonly category: string;
  readonly priority: Priority;
  readonly object?: { readonly kind: string; readonly name: string };
  readonly transaction?: {
    readonly id: string;
    readonly side: "request" | "response" | "error";
    readonly client: string;
    readonly globalId: string;
  };
  readonly text: string;
}

export interface Log {
  (event: LogEvent): void;
  /** False for a priority of which nothing is written; left out: everything may be. */
  readonly writes?: (priority: Priority) => boolean;
}

/** A log that writes one line per event with `write`, leaving out what is less urgent than `level`. */
export function openLog(
  write: (line: string) => void,
  level: Priority,
  now = () => new Date(),
): Log {
  const written = new Set(priorities.slice(0, priorities.indexOf(level) + 1));
  const log = (event: LogEvent): void => {
    if (written.has(event.priority)) write(`${logLine(event, now())}\n`);
  };
  return Object.assign(log, { writes: (priority: Priority) => written.has(priority) });
}

/**
 * `YYYYMMDDThhmmss.mmmZ [domain][0xcode][category][priority] object(name): tid(n)[side][ip] gtid(n): text`
 * with the parts that an event lacks left out. Line breaks in the text become blanks.
 */
export function logLine(event: LogEvent, at: Date): string {
  const stamp = at.toISOString().replaceAll(/[-:]/g, "");
  const domain =
    event.domain === undefined || event.domain === "default" ? "" : `[${event.domain}]`;
  const object = event.object === undefined ? "" : `${event.object.kind}(${event.object.name}): `;
  const transaction = event.transaction;
  const ids =
    transaction === undefined
      ? ""
      : `tid(${transaction.id})[${transaction.side}][${transaction.client}] gtid(${transaction.globalId}): `;
  const text = event.text.replaceAll(/[\r\n]+\s*/g, " ");
  return `${stamp} ${domain}[0x${event.code}][${event.category}][${event.priority}] ${object}${ids}${text}`;
}
