/** Upper ends of the latency classes, in seconds; what takes longer is in one class more. */
export const latencyBounds: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

const boundsInMilliseconds = latencyBounds.map((bound) => bound * 1000);

/** What became of messages to backends. */
export const backendResults = ["ok", "client error", "server error", "failed"] as const;

/** The counts of one service, as they travel between processes. */
export interface ServiceCounts {
  readonly domain: string;
  readonly service: string;
  readonly inFlight: number;
  /** Answers by the first digit of their status, 0 to 5. */
  readonly classes: readonly number[];
  readonly latencies: readonly number[];
  /** Of all latencies. */
  readonly seconds: number;
  readonly backend: readonly number[];
  /** Answers in the last 10 s, 1 min, 10 min, 1 h and 1 day. */
  readonly recent: readonly number[];
}

/** The counts of one process. */
export interface GatewayCounts {
  readonly services: readonly ServiceCounts[];
  /** Scripts that were stopped because they computed for too long. */
  readonly scriptStops: number;
  /** Requests that a front side handler refused before any rule, by reason. */
  readonly refused: Readonly<Record<string, number>>;
  /** Connections of clients. */
  readonly connections: { readonly open: number; readonly accepted: number };
}

/** The lengths of the windows of `recent`, in seconds. */
export const recentWindows: readonly number[] = [10, 60, 600, 3600, 86_400];

/**
 * Counts what happens to the messages of one service, in plain numbers: what is costly is done
 * when they are asked for.
 */
export class ServiceMeter {
  readonly domain: string;
  readonly service: string;
  readonly #classes = [0, 0, 0, 0, 0, 0];
  readonly #latencies: number[] = Array.from({ length: latencyBounds.length + 1 }, () => 0);
  readonly #backend = backendResults.map(() => 0);
  readonly #history = new RecentCounts();
  #milliseconds = 0;
  #inFlight = 0;

  constructor(domain: string, service: string) {
    this.domain = domain;
    this.service = service;
  }

  /** A message came; gives the time that `end` wants. */
  begin(): number {
    this.#inFlight++;
    return performance.now();
  }

  /** Its answer stands; gives the milliseconds that it took. */
  end(begun: number, status: number): number {
    const now = performance.now();
    const took = now - begun;
    this.#inFlight--;
    this.#milliseconds += took;
    let at = 0;
    while (at < boundsInMilliseconds.length && took > boundsInMilliseconds[at]!) at++;
    this.#latencies[at]!++;
    const digit = Math.trunc(status / 100);
    this.#classes[digit >= 1 && digit <= 5 ? digit : 0]!++;
    this.#history.add(now);
    return took;
  }

  /** A backend answered with this status, or failed (undefined). */
  backend(status: number | undefined): void {
    this.#backend[status === undefined ? 3 : status < 400 ? 0 : status < 500 ? 1 : 2]!++;
  }

  counts(): ServiceCounts {
    return {
      domain: this.domain,
      service: this.service,
      inFlight: this.#inFlight,
      classes: [...this.#classes],
      latencies: [...this.#latencies],
      seconds: this.#milliseconds / 1000,
      backend: [...this.#backend],
      recent: recentWindows.map((window) => this.#history.within(window, performance.now())),
    };
  }
}

/** Counts of the last day in slots of 10 s (for a minute) and of 5 min. */
class RecentCounts {
  readonly #fine = new Slots(10, 61);
  readonly #coarse = new Slots(300, 289);

  add(now: number): void {
    this.#fine.add(now);
    this.#coarse.add(now);
  }

  within(seconds: number, now: number): number {
    return (seconds <= 600 ? this.#fine : this.#coarse).within(seconds, now);
  }
}

/** A ring of counts, each of `length` seconds. */
class Slots {
  readonly #counts: number[];
  readonly #milliseconds: number;
  #slot = 0;

  constructor(length: number, count: number) {
    this.#milliseconds = length * 1000;
    this.#counts = Array.from({ length: count }, () => 0);
  }

  add(now: number): void {
    const slot = Math.trunc(now / this.#milliseconds);
    if (slot !== this.#slot) this.#turn(slot);
    this.#counts[slot % this.#counts.length]!++;
  }

  /** The slots of that time that are over, and the present one. */
  within(seconds: number, now: number): number {
    this.#turn(Math.trunc(now / this.#milliseconds));
    const slots = Math.min(Math.ceil((seconds * 1000) / this.#milliseconds), this.#counts.length);
    let sum = 0;
    for (let back = 0; back < slots && back <= this.#slot; back++) {
      sum += this.#counts[(this.#slot - back) % this.#counts.length]!;
    }
    return sum;
  }

  #turn(slot: number): void {
    const first = Math.max(this.#slot + 1, slot - this.#counts.length + 1);
    for (let each = first; each <= slot; each++) this.#counts[each % this.#counts.length] = 0;
    this.#slot = slot;
  }
}
