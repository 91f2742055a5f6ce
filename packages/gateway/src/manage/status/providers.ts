import { cpus, freemem, hostname, loadavg, totalmem } from "node:os";
import type { ConfigDomain } from "../../config/model.ts";
import type { InstanceCounts } from "../../serve/process-counts.ts";
import type { ManagedInstance } from "../instance.ts";
import { stateOf } from "../object-state.ts";
import { restName } from "../rest/object-form.ts";
import { href } from "../rest/rest-answer.ts";

/** What a provider looks at. */
export interface StatusSubject {
  readonly instance: ManagedInstance;
  readonly domain: ConfigDomain;
  readonly counts: InstanceCounts;
  readonly now: Date;
  /** Share of one processor in use over the last 10 s, 1 min, 10 min, 1 h and 1 day. */
  readonly cpu: readonly number[];
  readonly sessions: readonly Session[];
}

/** Someone who has used management lately. */
export interface Session {
  readonly user: string;
  readonly address: string;
  readonly since: Date;
}

type Row = Readonly<Record<string, unknown>>;

/** A status provider; `scope` says whether it is about the whole gateway or about one domain. */
export interface StatusProvider {
  readonly scope: "default" | "domain";
  readonly rows: (subject: StatusSubject) => readonly Row[];
}

const windows = ["tenSeconds", "oneMinute", "tenMinutes", "oneHour", "oneDay"] as const;
const windowSeconds = [10, 60, 600, 3600, 86_400];

/** Every provider by its name. */
export const statusProviders: Readonly<Record<string, StatusProvider>> = {
  ActiveUsers: {
    scope: "default",
    rows: ({ sessions }) =>
      sessions.map(({ user, address, since }, at) => ({
        session: at + 1,
        name: user,
        connection: "rest-mgmt",
        address,
        login: clockText(since),
        domain: "default",
      })),
  },
  CPUUsage: {
    scope: "default",
    rows: ({ cpu }) => [
      named(
        windows,
        cpu.map((share) => Math.min(100, Math.round((share / cpus().length) * 100))),
      ),
    ],
  },
  DateTimeStatus: {
    scope: "default",
    rows: ({ now, instance }) => {
      const seconds = (now.getTime() - instance.startedAt.getTime()) / 1000;
      const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
      const up = durationText(seconds);
      return [{ time: clockText(now), timezone: timeZone, bootuptime: up, bootuptime2: up }];
    },
  },
  DomainStatus: {
    scope: "default",
    rows: ({ instance }) => {
      const drift = instance.drift();
      return [...instance.configuration().domains.values()].map(({ name, whole }) => ({
        Domain: reference("default", "Domain", name),
        SaveNeeded: drift.some((each) => each.domain === name) ? "on" : "off",
        TraceEnabled: "off",
        DebugEnabled: "off",
        ProbeEnabled: "off",
        DiagEnabled: "off",
        CurrentCommand: "",
        QuiesceState: "",
        InterfaceState: "ok",
        FailsafeMode: whole ? "none" : "error",
      }));
    },
  },
  FirmwareVersion: {
    scope: "default",
    rows: ({ instance }) => [
      {
        Serial: "0000000",
        Version: `lithify.${instance.version}`,
        Build: instance.version,
        DeliveryType: "Container",
        MachineType: "lithify",
        ModelType: "gateway",
      },
    ],
  },
  HTTPTransactions: {
    scope: "domain",
    rows: (subject) =>
      servicesOf(subject).map(({ service, recent }) => ({
        proxy: service,
        ...named(windows, perSecond(recent)),
      })),
  },
  HTTPTransactions2: {
    scope: "domain",
    rows: (subject) =>
      servicesOf(subject).map(({ service, recent }) => ({
        serviceName: reference(subject.domain.name, classOf(subject, service), service),
        serviceClass: classOf(subject, service),
        ...named(windows, recent),
      })),
  },
  LogTargetStatus: {
    scope: "domain",
    rows: ({ instance, domain }) =>
      instance.logs
        .targets()
        .filter((target) => target.domain === domain.name)
        .map((target) => ({
          LogTarget: reference(domain.name, "LogTarget", target.name),
          Status: target.why === undefined ? "active" : "inactive",
          EventsProcessed: target.written,
          EventsDropped: target.dropped,
          EventsPending: target.pending,
          ErrorInfo: target.why ?? "none",
          RequestedMemory: 0,
        })),
  },
  MemoryStatus: {
    scope: "default",
    rows: ({ counts }) => {
      const total = Math.round(totalmem() / 1024);
      const used = Math.round(
        counts.processes.reduce((sum, { resident }) => sum + resident, 0) / 1024,
      );
      return [
        {
          Usage: Math.round((used / total) * 100),
          TotalMemory: total,
          UsedMemory: used,
          FreeMemory: Math.round(freemem() / 1024),
          ReqMemory: used,
          HoldMemory: 0,
        },
      ];
    },
  },
  ObjectStatus: {
    scope: "domain",
    rows: ({ instance, domain }) =>
      [...domain.objects.values()].map((object) => {
        const { opState, eventCode, why } = stateOf(instance, object);
        return {
          Class: object.kind,
          OpState: opState,
          AdminState: object.enabled ? "enabled" : "disabled",
          Name: restName(object),
          EventCode: eventCode,
          ErrorCode: why,
          ConfigState: "saved",
        };
      }),
  },
  ServicesStatus: {
    scope: "domain",
    rows: (subject) =>
      subject.instance
        .ports()
        .filter((port) => port.domain === subject.domain.name)
        .map(({ address, port, service, handler }) => ({
          LocalIP: address,
          LocalPort: port,
          ServiceName: reference(subject.domain.name, classOf(subject, service), service),
          Handler: handler,
          ServiceClass: classOf(subject, service),
        })),
  },
  SystemUsage: {
    scope: "default",
    rows: ({ cpu }) => [
      {
        Interval: 10_000,
        Load: Math.min(100, Math.round(((cpu[0] ?? 0) / cpus().length) * 100)),
        WorkList: 0,
        CPUs: cpus().length,
        LoadAverage: loadavg()[0],
        Host: hostname(),
      },
    ],
  },
};

function servicesOf({ counts, domain }: StatusSubject): InstanceCounts["services"] {
  return counts.services.filter((each) => each.domain === domain.name);
}

/** The class of a service: those of one domain seldom share a name. */
function classOf({ instance, domain }: StatusSubject, service: string): string {
  const { services } = instance.health();
  const found = services.find((each) => each.domain === domain.name && each.name === service);
  return found?.kind ?? "MultiProtocolGateway";
}

/** Averages per second, rounded. */
function perSecond(recent: readonly number[]): number[] {
  return recent.map((count, at) => Math.round(count / windowSeconds[at]!));
}

function named(names: readonly string[], values: readonly number[]): Row {
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? 0]));
}

function reference(domain: string, kind: string, name: string): Row {
  return { value: name, href: href("config", domain, kind, name) };
}

/** `Tue Nov 24 13:25:51 2026`. */
function clockText(at: Date): string {
  const [weekday, day, month, year] = at.toUTCString().replace(",", "").split(" ");
  return `${weekday} ${month} ${day} ${at.toISOString().slice(11, 19)} ${year}`;
}

/** `2 days 03:04:05`. */
function durationText(seconds: number): string {
  const days = Math.trunc(seconds / 86_400);
  const rest = new Date((seconds % 86_400) * 1000).toISOString().slice(11, 19);
  return `${days} days ${rest}`;
}
