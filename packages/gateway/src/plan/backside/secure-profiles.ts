import type { ConfigDomain, ConfigObject, PropertyLine } from "../../config/model.ts";
import { objectKey } from "../../config/model.ts";
import { readClientTls, readOlderClientTls } from "../crypto/lazy-client-tls.ts";
import { Refusals } from "../refusals.ts";
import type { SecurePlan } from "./secure-plan.ts";

/** The TLS client profiles of one domain, each read when it is first named. */
export class SecureProfiles {
  readonly #root: string;
  readonly #domain: ConfigDomain;
  readonly #refusals: Refusals;
  readonly #known = new Map<string, SecurePlan | undefined>();

  /** Refusals of profiles that a service names go to `refusals`. */
  constructor(root: string, domain: ConfigDomain, refusals: Refusals) {
    this.#root = root;
    this.#domain = domain;
    this.#refusals = refusals;
  }

  /** An `ssl-client` that `by` names at `line`; undefined after a refusal. */
  client(name: string, by: ConfigObject, line?: PropertyLine): SecurePlan | undefined {
    return this.#read("client", name, { object: by, line }, this.#refusals);
  }

  /** An older `sslproxy`, as `client`. */
  proxy(name: string, by: ConfigObject, line?: PropertyLine): SecurePlan | undefined {
    return this.#read("proxy", name, { object: by, line }, this.#refusals);
  }

  /**
   * A profile that is named while messages are served: `client:NAME`, `proxy:NAME`, or a name by
   * itself, which an ssl-client has before an sslproxy. Text says why there is none.
   */
  named(text: string): SecurePlan | string {
    const [, kind, name = ""] = /^(?:(client|proxy):)?(.*)$/s.exec(text) ?? [];
    const isClient = this.#domain.objects.has(objectKey("SSLClientProfile", name));
    const type = kind === "proxy" || (kind === undefined && !isClient) ? "proxy" : "client";
    const own = this.#domain.objects.get(
      objectKey(type === "client" ? "SSLClientProfile" : "SSLProxyProfile", name),
    );
    if (own === undefined) return `there is no TLS profile "${name}"`;
    const refusals = new Refusals(own);
    const plan = this.#read(type, name, { object: own, line: undefined }, refusals);
    const [first] = refusals.list;
    if (first !== undefined) return `TLS profile "${name}": ${first.object}: ${first.why}`;
    return plan ?? `TLS profile "${name}" cannot be used`;
  }

  #read(
    kind: "client" | "proxy",
    name: string,
    from: { readonly object: ConfigObject; readonly line: PropertyLine | undefined },
    refusals: Refusals,
  ): SecurePlan | undefined {
    const key = `${kind}:${name}`;
    if (this.#known.has(key)) return this.#known.get(key);
    const before = refusals.list.length;
    const read = kind === "client" ? readClientTls : readOlderClientTls;
    const reader = {
      root: this.#root,
      domain: this.#domain,
      refusals,
      env: process.env,
      now: new Date(),
    };
    const plan = read(reader, name, from);
    const sound = refusals.list.length === before ? plan : undefined;
    this.#known.set(key, sound);
    return sound;
  }
}
