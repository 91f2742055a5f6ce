import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type ConfigObject, type Configuration, objectKey } from "../config/model.ts";
import { verifyPassword } from "../config/password-hash.ts";
import { lineOf, linesOf, textOf } from "../plan/properties.ts";

/** Who asks, and what it may do. */
export interface Account {
  readonly name: string;
  /** `user` may look at configuration and status; `privileged` may do everything. */
  readonly level: "privileged" | "user";
  /** The domains that it is held to; undefined for all. */
  readonly domains: ReadonlySet<string> | undefined;
}

/** Or why nobody is let in. */
export type Refusal = { readonly refused: string };

/** The longest user name and password that are looked at, in bytes. */
const longestCredentials = 1024;
/** A password that did not fit holds up the next one for so long, in milliseconds. */
const pauseAfterFailure = 250;
/** Passwords that wait to be looked at; more are refused at once. */
const mostWaiting = 32;

/**
 * Holds `Authorization: Basic` against the `user` objects of the default domain. Hashes are slow
 * by design, so they are computed one after the other, and who was let in is remembered under a
 * keyed digest until the user's hash changes.
 */
export class Authenticator {
  readonly #configuration: () => Configuration;
  readonly #key = randomBytes(32);
  readonly #known = new Map<string, Buffer>();
  #queue: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(configuration: () => Configuration) {
    this.#configuration = configuration;
  }

  async account(authorization: string | undefined): Promise<Account | Refusal> {
    const given = credentialsOf(authorization);
    if (given === undefined) return { refused: "no Basic credentials" };
    const users = this.#configuration().domains.get("default")?.objects;
    const user = users?.get(objectKey("User", given.name));
    if (user?.enabled !== true) {
      await this.#inTurn(async () => sleep(pauseAfterFailure, undefined, { ref: false }));
      return { refused: `no user ${JSON.stringify(given.name.slice(0, 64))}` };
    }
    const hash = lineOf(user, "password-hashed")?.arguments[0] ?? "";
    if (!(await this.#fits(given.name, given.password, hash))) {
      return { refused: `a wrong password for ${given.name}` };
    }
    return accountOf(user);
  }

  async #fits(name: string, password: string, hash: string): Promise<boolean> {
    const digest = createHmac("sha256", this.#key).update(`${hash}\0${password}`).digest();
    const known = this.#known.get(name);
    if (known !== undefined && timingSafeEqual(known, digest)) return true;
    const isRight = await this.#inTurn(async () => {
      if (verifyPassword(password, hash)) return true;
      await sleep(pauseAfterFailure, undefined, { ref: false });
      return false;
    });
    if (isRight === true) this.#known.set(name, digest);
    return isRight === true;
  }

  async #inTurn<Value>(work: () => Promise<Value>): Promise<Value | undefined> {
    if (this.#waiting >= mostWaiting) return undefined;
    this.#waiting++;
    const turn = this.#queue.then(work).finally(() => this.#waiting--);
    this.#queue = turn.catch(() => {});
    return turn;
  }
}

/** What a user may do. `group-defined` rights are not evaluated here, so they let nobody in. */
function accountOf(user: ConfigObject): Account | Refusal {
  const level = textOf(user, "access-level");
  if (level !== "privileged" && level !== "user") {
    return { refused: `user ${user.name} has the access level ${level}, which is not served` };
  }
  const domains = linesOf(user, "domain").flatMap((line) => line.arguments);
  return { name: user.name, level, domains: domains.length === 0 ? undefined : new Set(domains) };
}

/** RFC 7617; user names hold no colon. */
function credentialsOf(
  authorization: string | undefined,
): { readonly name: string; readonly password: string } | undefined {
  const encoded = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const bytes = Buffer.from(encoded, "base64");
  const text = bytes.toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 1 || bytes.length > longestCredentials) return undefined;
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}
