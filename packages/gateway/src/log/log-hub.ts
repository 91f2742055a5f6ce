import { type Log, type LogEvent, logLine, type Priority, priorities } from "../log.ts";
import { CacheSink } from "./cache-sink.ts";
import type { LogSink } from "./log-sink.ts";
import type { LogTarget } from "./log-targets.ts";
import type { LogTargetState, LogView } from "./log-view.ts";
import type { LogTargetPlan } from "./plan-log-targets.ts";
import { Repeats } from "./repeats.ts";

export interface LogHubOptions {
  readonly console: LogSink;
  /** The least urgent priority for the console. */
  readonly level: Priority;
  /** One event as a line of the console. */
  readonly line: (event: LogEvent, at: Date) => string;
  readonly color: boolean;
  /** Lines alike in ten seconds; 0 is no limit. */
  readonly repeats: number;
  /**
   * Sends events to the process above instead of writing them to targets here; false when it does
   * not take them now.
   */
  readonly forward?: ((events: readonly [LogEvent, number][]) => boolean) | undefined;
}

/** The least urgent priority of what is kept as recent. */
const recentLevel = priorities.indexOf("notice");
/** Bytes of recent lines that are kept. */
const mostRecent = 256 * 1024;
/** How often held back lines are summed up and events are sent up, in milliseconds. */
const sweepPause = 5000;
const forwardPause = 100;
const mostForwarded = 2000;

/**
 * All of a process's log: the console, the log targets of the configuration, and the last lines.
 * Nothing here waits for a sink.
 */
export class LogHub implements LogView {
  readonly #options: LogHubOptions;
  readonly #consoleLevel: number;
  readonly #repeats: Repeats;
  readonly #recent = new CacheSink(mostRecent);
  #targets: LogTarget[] = [];
  #level: number;
  #waiting: [LogEvent, number][] = [];
  #unforwarded = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly log: Log;

  constructor(options: LogHubOptions) {
    this.#options = options;
    this.#consoleLevel = priorities.indexOf(options.level);
    this.#level = Math.max(this.#consoleLevel, recentLevel);
    this.#repeats = new Repeats(options.repeats, (event) => this.#write(event, new Date()));
    const levels = new Map(priorities.map((priority, at) => [priority, at]));
    this.log = Object.assign(
      (event: LogEvent): void => {
        if (levels.get(event.priority)! > this.#level) return;
        const now = new Date();
        if (this.#repeats.lets(event, now.getTime())) this.#write(event, now);
      },
      { writes: (priority: Priority) => levels.get(priority)! <= this.#level },
    );
    setInterval(() => this.#repeats.sweep(Date.now()), sweepPause).unref();
  }

  /** Takes up the log targets of a configuration; targets that stay as they are go on. */
  async open(plans: readonly LogTargetPlan[]): Promise<void> {
    if (plans.length === 0 && this.#targets.length === 0) return;
    const { LogTarget, openTarget } = await import("./log-targets.ts");
    const before = new Map(this.#targets.map((target) => [JSON.stringify(target.plan), target]));
    const targets: LogTarget[] = [];
    for (const plan of plans) {
      const key = JSON.stringify(plan);
      const known = before.get(key);
      before.delete(key);
      const isWriter = this.#options.forward === undefined;
      targets.push(known ?? (isWriter ? await openTarget(plan) : new LogTarget(plan)));
    }
    this.#targets = targets;
    for (const { sink } of before.values()) sink?.close();
    const levels = this.#targets.map(({ level }) => level);
    this.#level = Math.max(this.#consoleLevel, recentLevel, ...levels);
    for (const { plan } of this.#options.forward === undefined ? this.#targets : []) {
      if (plan.unserved === undefined) continue;
      this.log({
        domain: plan.domain,
        code: "00330019",
        category: "mgmt",
        priority: "warn",
        object: { kind: "logging target", name: plan.name },
        text: `Transition to up failed: ${plan.unserved}`,
      });
    }
  }

  /** Writes to targets and recent lines what another process has already put on the console. */
  take(events: readonly [LogEvent, number][]): void {
    for (const [event, at] of events) this.#keep(event, new Date(at));
  }

  /** Puts a line on the console that is no event: of the access log. */
  writeLine(line: string): void {
    this.#options.console.write(line);
  }

  targets(): readonly LogTargetState[] {
    return this.#targets.map((target) => target.state());
  }

  recent(): readonly string[] {
    return this.#recent.lines;
  }

  cached(domain: string, name: string): readonly string[] | undefined {
    const found = this.#targets.find(
      ({ plan }) => plan.domain === domain && plan.name === name,
    )?.sink;
    return found instanceof CacheSink ? found.lines : undefined;
  }

  /** Events that were lost on their way to any sink. */
  get dropped(): number {
    const lost = this.#targets.reduce((sum, target) => sum + target.state().dropped, 0);
    return this.#options.console.dropped + this.#unforwarded + lost;
  }

  /** Waits, at most so many milliseconds each, until every sink has what it was given. */
  async flush(most: number): Promise<void> {
    this.#repeats.sweep(Number.POSITIVE_INFINITY);
    this.#sendUp();
    const sinks = [this.#options.console, ...this.#targets.flatMap(({ sink }) => sink ?? [])];
    await Promise.all(sinks.map((sink) => sink.flush(most)));
  }

  #write(event: LogEvent, at: Date): void {
    const level = priorities.indexOf(event.priority);
    if (level <= this.#consoleLevel) {
      const { console, line, color } = this.#options;
      const text = line(event, at);
      console.write(color ? colored(text, level) : text);
    }
    if (this.#options.forward === undefined) this.#keep(event, at);
    else this.#forward(event, at);
  }

  #keep(event: LogEvent, at: Date): void {
    if (priorities.indexOf(event.priority) <= recentLevel) this.#recent.write(logLine(event, at));
    for (const target of this.#targets) target.write(event, at);
  }

  #forward(event: LogEvent, at: Date): void {
    const wanted = Math.max(recentLevel, ...this.#targets.map(({ level }) => level));
    if (priorities.indexOf(event.priority) > wanted) return;
    if (this.#waiting.length >= mostForwarded) {
      this.#unforwarded++;
      return;
    }
    this.#waiting.push([event, at.getTime()]);
    this.#timer ??= setTimeout(() => this.#sendUp(), forwardPause).unref();
  }

  #sendUp(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const events = this.#waiting;
    if (events.length === 0 || this.#options.forward === undefined) return;
    if (this.#options.forward(events)) this.#waiting = [];
    else this.#timer = setTimeout(() => this.#sendUp(), forwardPause).unref();
  }
}

function colored(line: string, level: number): string {
  if (level <= priorities.indexOf("error")) return `\u001b[31m${line}\u001b[0m`;
  return level === priorities.indexOf("warn") ? `\u001b[33m${line}\u001b[0m` : line;
}
