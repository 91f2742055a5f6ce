import { Fault, type Place } from "@lithify/fault";
import type { Log } from "../log.ts";
import type { ServedPort } from "../serve/gateway-options.ts";
import { type Gateway, serveGateway } from "../serve/serve-gateway.ts";
import type { ObservedMessage } from "../serve/service-world.ts";
import { type ActualMessage, compareMessage } from "./compare-message.ts";
import { exchange } from "./exchange.ts";
import { MockBackends } from "./mock-backends.ts";
import type { GatewayCase } from "./read-cases.ts";

/** What became of one case. */
export interface CaseResult {
  readonly name: string;
  readonly file: string;
  readonly place: Place;
  readonly passed: boolean;
  readonly seconds: number;
  readonly failures: readonly CaseFailure[];
}

/** One thing that was not as the case expects, with its place in the case file. */
export interface CaseFailure {
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  readonly place: Place;
}

export interface RunOptions {
  /** The directory that holds config/ and local/. */
  readonly root: string;
  readonly cases: readonly GatewayCase[];
  readonly log: Log;
  /** How many gateways run cases side by side, each one case at a time. Default 4. */
  readonly parallel?: number;
  /** Longest time for one answer, in milliseconds. Default 30000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs cases against gateways in this process, on free ports of their own; every connection to a
 * backend ends at a stand-in. Results are in the order of the cases. Throws CONFIG_MISSING when
 * there is no configuration, and GATEWAY_DOWN when no service of it comes up.
 */
export async function runCases(options: RunOptions): Promise<readonly CaseResult[]> {
  const { cases } = options;
  const results: CaseResult[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    if (next >= cases.length) return;
    await using bench = await Bench.open(options);
    while (next < cases.length && options.signal?.aborted !== true) {
      const at = next++;
      results[at] = await bench.run(cases[at]!, options.timeout ?? 30_000);
    }
  };
  const count = Math.min(options.parallel ?? 4, cases.length);
  const ends = await Promise.allSettled(Array.from({ length: count }, work));
  const failed = ends.find((end) => end.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return results.filter((result) => result !== undefined);
}

/** One gateway with its stand-in for backends; it works on one case at a time. */
class Bench {
  readonly #gateway: Gateway;
  readonly #mock: MockBackends;
  readonly #seen: ObservedMessage[];

  private constructor(gateway: Gateway, mock: MockBackends, seen: ObservedMessage[]) {
    this.#gateway = gateway;
    this.#mock = mock;
    this.#seen = seen;
  }

  static async open({ root, log }: RunOptions): Promise<Bench> {
    const mock = await MockBackends.open();
    const seen: ObservedMessage[] = [];
    try {
      const gateway = await serveGateway({
        root,
        log,
        route: mock,
        portFor: () => 0,
        drainDeadline: 1000,
        observe: (message) => seen.push(message),
      });
      if (gateway.ports.length > 0) return new Bench(gateway, mock, seen);
      await gateway.close();
      const reasons = gateway.health().services.flatMap((each) => each.reasons);
      throw new Fault("GATEWAY_DOWN", "no service of the configuration can be tested", {
        why: reasons[0] ?? "it has no enabled service",
        values: { root },
      });
    } catch (error) {
      await mock.close();
      throw error;
    }
  }

  async run(tested: GatewayCase, timeout: number): Promise<CaseResult> {
    const started = performance.now();
    this.#mock.expect(tested.backends);
    this.#seen.length = 0;
    const failures = await this.#failures(tested, timeout);
    const { name, file, place } = tested;
    const seconds = (performance.now() - started) / 1000;
    return { name, file, place, passed: failures.length === 0, seconds, failures };
  }

  async #failures(tested: GatewayCase, timeout: number): Promise<readonly CaseFailure[]> {
    const port = portOf(this.#gateway.ports, tested.target);
    if (port === undefined) {
      const actual = this.#gateway.ports.map(targetText).join(", ");
      const place = tested.at(["target"]);
      return [{ what: "target", expected: tested.target ?? "the only port", actual, place }];
    }
    let answer: ActualMessage;
    try {
      answer = await exchange(port, tested, timeout);
    } catch (error) {
      const { message } = error as Error;
      return [{ what: "answer", expected: "an answer", actual: message, place: tested.place }];
    }
    const variable = (url: string): unknown => this.#seen.at(-1)?.variable(url);
    const failures = compareMessage(tested.expected, answer, variable).map(
      ({ path, expected, actual }): CaseFailure => {
        return { what: path.join(" "), expected, actual, place: tested.at(["expected", ...path]) };
      },
    );
    return [...failures, ...this.#backendFailures(tested)];
  }

  #backendFailures(tested: GatewayCase): readonly CaseFailure[] {
    const failures: CaseFailure[] = [];
    for (const [at, backend] of tested.backends.entries()) {
      const sent = this.#mock.sent.filter((each) => each.backend === backend);
      const right = backend.times === undefined ? sent.length > 0 : sent.length === backend.times;
      if (!right) {
        const place = tested.at(["backends", at, "times"]);
        const expected = `${backend.times ?? "at least 1"} requests to ${backend.url}`;
        failures.push({ what: "backend", expected, actual: `${sent.length} requests`, place });
      }
      const { sent: wanted } = backend;
      if (wanted === undefined) continue;
      for (const request of sent) {
        for (const { path, expected, actual } of compareMessage(wanted, request, () => undefined)) {
          const place = tested.at(["backends", at, "sent", ...path]);
          failures.push({ what: `sent ${path.join(" ")}`, expected, actual, place });
        }
      }
    }
    for (const { url, backend, method } of this.#mock.sent) {
      if (backend !== undefined) continue;
      const actual = `${method} ${url}`;
      const expected = "only requests to the backends of the case";
      failures.push({ what: "backend", expected, actual, place: tested.place });
    }
    return failures;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway.close();
    await this.#mock.close();
  }
}

/** `domain/service`, a service, a handler or a configured port; the only port where none is named. */
function portOf(ports: readonly ServedPort[], target: string | undefined): ServedPort | undefined {
  if (target === undefined) return ports.length === 1 ? ports[0] : undefined;
  return ports.find((port) =>
    [`${port.domain}/${port.service}`, port.service, port.handler].includes(target),
  );
}

function targetText(port: ServedPort): string {
  return `${port.domain}/${port.service} (${port.handler})`;
}
