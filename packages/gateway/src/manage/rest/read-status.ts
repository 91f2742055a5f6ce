import { recentWindows } from "../../serve/meter.ts";
import type { ManagedInstance } from "../instance.ts";
import type { CpuShare } from "../status/cpu-share.ts";
import { type Session, statusProviders } from "../status/providers.ts";
import {
  href,
  links,
  notFound,
  oneOrMany,
  type RestAnswer,
  type RestRequest,
  success,
} from "./rest-answer.ts";

/** What status needs to remember between two requests. */
export interface StatusMemory {
  readonly cpu: CpuShare;
  readonly sessions: () => readonly Session[];
}

/** `GET /mgmt/status/`, and `/mgmt/status/{domain}/{provider}`. */
export async function readStatus(
  instance: ManagedInstance,
  memory: StatusMemory,
  request: RestRequest,
): Promise<RestAnswer> {
  const [, domainName, name = "", ...more] = request.segments;
  if (domainName === undefined) {
    const providers = Object.keys(statusProviders).map((each) => [
      each,
      { href: `/mgmt/status/{domain}/${each}` },
    ]);
    const self = { self: { href: "/mgmt/status/" } };
    return success({ _links: { ...self, ...Object.fromEntries(providers) } });
  }
  const domain = instance.configuration().domains.get(domainName);
  const provider = Object.hasOwn(statusProviders, name) ? statusProviders[name] : undefined;
  if (domain === undefined || provider === undefined || more.length > 0) {
    return notFound(request.path);
  }
  if (provider.scope === "default" && domainName !== "default") return notFound(request.path);
  const counts = await instance.counts();
  const now = new Date();
  const used = counts.processes.reduce((sum, { cpu }) => sum + cpu, 0);
  const cpu = memory.cpu.shares(now.getTime() / 1000, used, recentWindows);
  const sessions = memory.sessions();
  const rows = provider.rows({ instance, domain, counts, now, cpu, sessions });
  const shown = oneOrMany(rows);
  return success({
    ...links(href("status", domainName, name), `/mgmt/docs/status/${name}`),
    ...(shown === undefined ? { result: "No status retrieved." } : { [name]: shown }),
  });
}
