import type { RequestListener } from "node:http";
import { recentWindows } from "../serve/meter.ts";
import { Authenticator } from "./authenticate.ts";
import type { ManagedInstance } from "./instance.ts";
import { pageListener } from "./page/page-listener.ts";
import { restListener } from "./rest/rest-listener.ts";
import { CpuShare } from "./status/cpu-share.ts";
import type { Session } from "./status/providers.ts";

/** Who has not been back for so long is no active user any more, in milliseconds. */
const sessionTime = 10 * 60_000;
/** How often processor time is looked at, in milliseconds. */
const cpuPause = 10_000;

/** What answers on the management ports. Both know the same users. */
export function managementListeners(
  instance: ManagedInstance,
): Readonly<Record<"rest" | "page", RequestListener>> {
  const authenticator = new Authenticator(() => instance.configuration());
  const sessions = new Map<string, { readonly session: Session; last: number }>();
  const letIn = (user: string, address: string): void => {
    const now = Date.now();
    for (const [key, { last }] of sessions) if (now - last > sessionTime) sessions.delete(key);
    const key = `${user} ${address}`;
    const known = sessions.get(key);
    if (known === undefined) {
      sessions.set(key, { session: { user, address, since: new Date(now) }, last: now });
    } else known.last = now;
  };
  const cpu = new CpuShare(instance.startedAt.getTime() / 1000);
  setInterval(() => {
    void instance.counts().then(({ processes }) => {
      const used = processes.reduce((sum, each) => sum + each.cpu, 0);
      cpu.shares(Date.now() / 1000, used, recentWindows);
    });
  }, cpuPause).unref();
  const memory = {
    cpu,
    sessions: () => [...sessions.values()].map(({ session }) => session),
  };
  return {
    rest: restListener(instance, authenticator, memory, ({ name }, address) =>
      letIn(name, address),
    ),
    page: pageListener(instance, authenticator),
  };
}
