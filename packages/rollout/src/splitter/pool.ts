import { Agent } from "node:http";
import type { Backend, Side } from "../seams.ts";

/** One request under way; `cut` ends both of its connections. */
export interface Exchange {
  cut(): void;
}

/** One instance behind one side, with its own keep-alive connections. */
export interface Target extends Backend {
  readonly agent: Agent;
  readonly underWay: Set<Exchange>;
  /** Refused a connection: avoided until then, milliseconds since 1970. */
  downUntil: number;
}

/** The instances behind one side. */
export interface Pool {
  readonly side: Side;
  readonly targets: readonly Target[];
  /** Requests under way, those on instances that have left included. */
  readonly inFlight: number;
  /** False when nothing new may come here: drained, or without instances. */
  readonly open: boolean;
  setBackends(backends: readonly Backend[]): void;
  /** The least busy target that is not in `tried`; instances that refused lately come last. */
  pick(tried: ReadonlySet<Target>): Target | undefined;
  enter(target: Target, exchange: Exchange): void;
  leave(target: Target, exchange: Exchange): void;
  drain(deadlineMs: number): Promise<{ readonly left: number }>;
  close(): void;
}

const idleConnections = 256;

export function newPool(side: Side): Pool {
  let targets: Target[] = [];
  const leaving = new Set<Target>();
  const waiting = new Set<() => void>();
  let closed = false;
  let turn = 0;
  const inFlight = (): number =>
    [...targets, ...leaving].reduce((sum, target) => sum + target.underWay.size, 0);
  const release = (target: Target): void => {
    if (target.underWay.size > 0 || !leaving.delete(target)) return;
    target.agent.destroy();
  };
  const cutAll = (): void => {
    for (const target of [...targets, ...leaving]) {
      for (const exchange of [...target.underWay]) exchange.cut();
    }
  };
  return {
    side,
    get targets() {
      return targets;
    },
    get inFlight() {
      return inFlight();
    },
    get open() {
      return !closed && targets.length > 0;
    },
    setBackends: (backends) => {
      const kept = backends.map((b) => targets.find((t) => sameBackend(t, b)) ?? newTarget(b));
      for (const target of targets) {
        if (kept.includes(target)) continue;
        leaving.add(target);
        release(target);
      }
      targets = kept;
      closed = false;
    },
    pick: (tried) => {
      turn += 1;
      const now = Date.now();
      const cost = (target: Target): number =>
        target.underWay.size + (target.downUntil > now ? 1e9 : 0);
      const rotated = targets.map((_, i) => targets[(i + turn) % targets.length] as Target);
      return rotated
        .filter((target) => !tried.has(target))
        .reduce<Target | undefined>(
          (best, target) => (best === undefined || cost(target) < cost(best) ? target : best),
          undefined,
        );
    },
    enter: (target, exchange) => {
      target.underWay.add(exchange);
    },
    leave: (target, exchange) => {
      target.underWay.delete(exchange);
      release(target);
      if (inFlight() === 0) for (const wake of [...waiting]) wake();
    },
    drain: async (deadlineMs) => {
      closed = true;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, deadlineMs);
        waiting.add(wake);
        if (inFlight() === 0) wake();
      });
      const left = inFlight();
      cutAll();
      return { left };
    },
    close: () => {
      cutAll();
      for (const target of [...targets, ...leaving]) target.agent.destroy();
    },
  };
}

function sameBackend(a: Backend, b: Backend): boolean {
  return a.host === b.host && a.port === b.port;
}

function newTarget({ host, port }: Backend): Target {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: idleConnections });
  return { host, port, agent, underWay: new Set(), downUntil: 0 };
}
