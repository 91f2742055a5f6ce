import { hostname } from "node:os";
import { type LogEvent, logLine, priorities } from "../log.ts";
import { formatted } from "./log-formats.ts";
import type { LogSink } from "./log-sink.ts";
import type { LogTargetState } from "./log-view.ts";
import type { LogTargetPlan } from "./plan-log-targets.ts";

const facilities: Readonly<Record<string, number>> = { user: 1, security: 4, authpriv: 10 };

/** Opens a target; what its type needs is loaded now. */
export async function openTarget(plan: LogTargetPlan): Promise<LogTarget> {
  return new LogTarget(plan, plan.unserved === undefined ? await openSink(plan) : undefined);
}

/** One log target. */
export class LogTarget {
  readonly plan: LogTargetPlan;
  readonly sink: LogSink | undefined;
  readonly #levels: ReadonlyMap<string, number>;
  #serial = 0;
  #second = 0;
  #inSecond = 0;
  #overRate = 0;

  /** Without a sink where another process does the writing, or where the plan is not served. */
  constructor(plan: LogTargetPlan, sink?: LogSink) {
    this.plan = plan;
    this.sink = sink;
    this.#levels = new Map(
      plan.events.map(({ category, priority }) => [category, priorities.indexOf(priority)]),
    );
  }

  /** The least urgent priority that it may write, as a place in `priorities`; -1 for none. */
  get level(): number {
    return this.plan.unserved === undefined ? Math.max(-1, ...this.#levels.values()) : -1;
  }

  write(event: LogEvent, at: Date): void {
    if (this.sink === undefined || !this.#wants(event)) return;
    if (this.#exceedsRate(at)) return;
    const { plan } = this;
    const line = formatted(plan.format, event, at, ++this.#serial);
    this.sink.write(plan.type.startsWith("syslog") ? syslogLine(plan, event, at, line) : line);
  }

  state(): LogTargetState {
    const { domain, name, type, unserved } = this.plan;
    const { written = 0, dropped = 0, pending = 0, why = unserved } = this.sink ?? {};
    const lost = dropped + this.#overRate;
    return {
      domain,
      name,
      type,
      written,
      dropped: lost,
      pending,
      ...(why === undefined ? {} : { why }),
    };
  }

  /** The default domain's targets hear of every domain, others of their own. */
  #wants(event: LogEvent): boolean {
    const { plan } = this;
    const { domain = "default", code, category, priority, object, transaction } = event;
    if (plan.domain !== "default" && plan.domain !== domain) return false;
    const level = priorities.indexOf(priority);
    const most = Math.max(this.#levels.get(category) ?? -1, this.#levels.get("all") ?? -1);
    if (level > most) return false;
    const { codes, withoutCodes, objects, clients } = plan;
    if (codes.length > 0 && !codes.includes(code)) return false;
    if (withoutCodes.includes(code)) return false;
    if (objects.length > 0 && !objects.some((each) => isAbout(each, object))) return false;
    return clients.length === 0 || clients.includes(transaction?.client ?? "");
  }

  #exceedsRate(at: Date): boolean {
    const { rateLimit, type } = this.plan;
    if (rateLimit === 0 || type === "cache" || type === "console") return false;
    const second = Math.trunc(at.getTime() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#inSecond = 0;
    }
    if (++this.#inSecond <= rateLimit) return false;
    this.#overRate++;
    return true;
  }
}

function isAbout(wanted: LogTargetPlan["objects"][number], object: LogEvent["object"]): boolean {
  if (object === undefined) return false;
  const { kind, name } = wanted;
  return object.kind === kind && (name === "" || name === object.name);
}

async function openSink(plan: LogTargetPlan): Promise<LogSink> {
  const note = (dropped: number): string =>
    logLine(
      {
        domain: plan.domain,
        code: "80400021",
        category: "logging",
        priority: "warn",
        object: { kind: "logging target", name: plan.name },
        text: `${dropped} events were dropped, since the target did not take them`,
      },
      new Date(),
    );
  switch (plan.type) {
    case "file": {
      const { FileSink } = await import("./file-sink.ts");
      const [file, size] = [plan.file!, plan.size * 1024];
      return new FileSink({ file, size, rotate: plan.rotate, note });
    }
    case "cache": {
      const { CacheSink } = await import("./cache-sink.ts");
      return new CacheSink(plan.size * 1024);
    }
    case "syslog":
    case "syslog-tcp": {
      const { syslogSink } = await import("./syslog-sink.ts");
      const transport = plan.type === "syslog" ? "udp" : "tcp";
      const { address, port, retry } = plan;
      return syslogSink({ transport, address, port, retry, note });
    }
    default: {
      const { StreamSink } = await import("./stream-sink.ts");
      return new StreamSink(process.stdout, note);
    }
  }
}

/** RFC 3164, 4.1: priority, time, host or local identifier, then the event. */
function syslogLine(plan: LogTargetPlan, event: LogEvent, at: Date, line: string): string {
  const local = /^local([0-7])$/.exec(plan.facility);
  const facility = local === null ? (facilities[plan.facility] ?? 1) : 16 + Number(local[1]);
  const pri = facility * 8 + priorities.indexOf(event.priority);
  const [, day = "", month = ""] = at.toUTCString().split(" ");
  const time = `${month} ${String(Number(day)).padStart(2, " ")} ${at.toISOString().slice(11, 19)}`;
  const host = hostname();
  const text = plan.format === "text" || plan.format === "raw" ? line.replace(/^\S+ /, "") : line;
  return `<${pri}>${time} ${host} ${plan.ident === "" ? "" : `${plan.ident}: `}${text}`;
}
