import { type LookupAddress, Resolver, lookup as systemLookup } from "node:dns";
import type { LookupFunction } from "node:net";
import type { NamesPlan } from "../plan/backside/names-plan.ts";

/** How long addresses from name servers are kept at most, in milliseconds. */
const longestKept = 60_000;
/** Most names whose addresses are kept. */
const mostKept = 1024;

type Found = (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void;

/** Resolves host names of one domain: aliases, static hosts, then name servers or the system. */
export class NameResolver {
  readonly #plan: NamesPlan;
  readonly #resolver: Resolver | undefined;
  readonly #kept = new Map<string, { readonly until: number; readonly found: LookupAddress[] }>();
  /** Who waits for a name that the name servers are being asked for. */
  readonly #waiting = new Map<string, Found[]>();
  #turn = 0;

  constructor(plan: NamesPlan) {
    this.#plan = plan;
    if (plan.servers.length === 0) return;
    this.#resolver = new Resolver({ timeout: plan.timeout, tries: plan.retries + 1 });
    this.#resolver.setServers(plan.servers);
  }

  /** The address of a host alias; undefined for another name. */
  addressOf(host: string): string | undefined {
    return this.#plan.aliases.get(host.toLowerCase());
  }

  /** For `net.connect`. */
  readonly lookup: LookupFunction = (host, options, done) => {
    this.#find(host, (error, found) => {
      const family = options.family === 4 || options.family === 6 ? options.family : undefined;
      const addresses = this.#ordered(found).filter(
        (each) => family === undefined || each.family === family,
      );
      if (error === null && addresses.length > 0) {
        if (options.all === true) done(null, addresses);
        else done(null, addresses[0]!.address, addresses[0]!.family);
        return;
      }
      const missing: NodeJS.ErrnoException = new Error(`there is no address for ${host}`);
      missing.code = "ENOTFOUND";
      done(error ?? missing, []);
    });
  };

  #find(host: string, done: Found): void {
    const fixed = this.#plan.hosts.get(host.toLowerCase());
    if (fixed !== undefined) {
      // what is looked up is never there at once
      queueMicrotask(() => done(null, fixed.map(addressWithFamily)));
    } else if (this.#resolver === undefined || host.toLowerCase() === "localhost") {
      systemLookup(host, { all: true }, (error, found) => done(error, found ?? []));
    } else {
      this.#ask(this.#resolver, host, done);
    }
  }

  /** Asks the name servers for the name, then for it below each search domain. */
  #ask(resolver: Resolver, host: string, done: Found): void {
    const now = Date.now();
    const kept = this.#kept.get(host);
    if (kept !== undefined && kept.until > now) {
      queueMicrotask(() => done(null, kept.found));
      return;
    }
    const waiting = this.#waiting.get(host);
    if (waiting !== undefined) {
      waiting.push(done);
      return;
    }
    const all = [done];
    this.#waiting.set(host, all);
    const end: Found = (error, found) => {
      this.#waiting.delete(host);
      for (const each of all) each(error, found);
    };
    const names = [host, ...this.#plan.searchDomains.map((each) => `${host}.${each}`)];
    const next = (at: number): void => {
      const name = names[at];
      if (name === undefined) {
        const error: NodeJS.ErrnoException = new Error(`no name server has an address for ${host}`);
        error.code = "ENOTFOUND";
        end(error, []);
        return;
      }
      askBoth(resolver, name, (found, seconds) => {
        if (found.length === 0) {
          next(at + 1);
          return;
        }
        if (this.#kept.size >= mostKept) this.#kept.clear();
        this.#kept.set(host, { until: now + Math.min(seconds * 1000, longestKept), found });
        end(null, found);
      });
    };
    next(0);
  }

  #ordered(found: readonly LookupAddress[]): LookupAddress[] {
    const { preference, only, rotates } = this.#plan;
    const first = found.filter(({ family }) => preference === undefined || family === preference);
    const others = only ? [] : found.filter((each) => !first.includes(each));
    if (!rotates || first.length < 2) return [...first, ...others];
    const turn = this.#turn++ % first.length;
    return [...first.slice(turn), ...first.slice(0, turn), ...others];
  }
}

function askBoth(
  resolver: Resolver,
  name: string,
  done: (found: LookupAddress[], seconds: number) => void,
): void {
  let waiting = 2;
  let seconds = Number.POSITIVE_INFINITY;
  const found: LookupAddress[] = [];
  const take = (family: 4 | 6, records: readonly { address: string; ttl: number }[]): void => {
    for (const { address, ttl } of records) {
      found.push({ address, family });
      seconds = Math.min(seconds, ttl);
    }
    waiting--;
    if (waiting === 0)
      done(
        found.sort((a, b) => a.family - b.family),
        seconds,
      );
  };
  resolver.resolve4(name, { ttl: true }, (error, records) =>
    take(4, error === null ? records : []),
  );
  resolver.resolve6(name, { ttl: true }, (error, records) =>
    take(6, error === null ? records : []),
  );
}

function addressWithFamily(address: string): LookupAddress {
  return { address, family: address.includes(":") ? 6 : 4 };
}
