import {
  type Agent,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
} from "node:http";
import { connect } from "node:net";
import { afterEach } from "vitest";
import type { SplitPlan } from "../../src/plan/plan.ts";
import { openSplitter, type Splitter, type SplitterConfig } from "../../src/splitter/splitter.ts";
import { startBackend, type TestBackend } from "./backend.ts";

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** By the header x-user, with the override header x-canary. */
export const split: SplitPlan = {
  unit: { from: "header", name: "x-user" },
  salt: "s",
  allow: [],
  override: "x-canary",
};

/** A backend that is stopped when the test is over. */
export async function backend(listener: RequestListener): Promise<TestBackend> {
  const started = await startBackend(listener);
  cleanUps.push(started.stop);
  return started;
}

/** A splitter that is closed when the test is over. */
export async function splitter(
  stable: readonly TestBackend[],
  canary: readonly TestBackend[] = [],
  config: Partial<SplitterConfig> = {},
): Promise<Splitter & { readonly port: number }> {
  const opened = await openSplitter(
    { host: "127.0.0.1", port: 0 },
    { split, thresholds: [], ...config },
  );
  cleanUps.push(opened.close);
  await opened.setBackends("stable", stable);
  await opened.setBackends("canary", canary);
  return Object.assign(opened, { port: (await opened.status()).listen.port });
}

export interface Answer {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
  readonly raw: readonly string[];
}

/** One request; the whole answer. */
export function ask(
  port: number,
  options: {
    readonly method?: string;
    readonly path?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly agent?: Agent;
  } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { body, ...rest } = options;
    const sent = httpRequest({ host: "127.0.0.1", port, agent: false, ...rest }, (answer) => {
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk) => {
        text += chunk;
      });
      answer.on("error", reject);
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          body: text,
          headers: answer.headers,
          raw: answer.rawHeaders,
        }),
      );
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** Sends bytes as they are; everything that comes back until the connection ends or `until` is in it. */
export function raw(port: number, text: string, until?: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let got = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => {
      got += chunk;
      if (until !== undefined && got.includes(until)) socket.end();
    });
    socket.on("close", () => resolve(got));
    socket.on("error", reject);
  });
}
