import { Fault, isFault } from "@lithify/fault";
import { originOf, type RegistryAddress } from "./address.ts";
import { Authorizer, parseChallenge } from "./authorize.ts";
import { Http, type HttpAnswer, type HttpRequest } from "./http.ts";
import type { Keychain } from "./keychain.ts";
import type { RegistryLimits, RegistryOptions } from "./limits.ts";

/** A request below `/v2/REPOSITORY/`, or at an address that the registry gave. */
export interface RepositoryRequest extends Omit<HttpRequest, "url" | "authorization"> {
  readonly at: string | URL;
  /** False for one that must not be sent twice, since its body cannot be. */
  readonly isRepeated?: boolean;
}

/** One repository of a registry (distribution specification 1.1), with the right to read it, or to write it too. */
export class RepositoryClient {
  readonly address: RegistryAddress;
  readonly limits: RegistryLimits;
  readonly #http: Http;
  readonly #origin: URL;
  readonly #authorizer: Authorizer;
  readonly #scopes: string[];
  #isKnown: Promise<void> | undefined;

  constructor(
    address: RegistryAddress,
    keychain: Keychain,
    options: RegistryOptions,
    actions: "pull" | "pull,push",
  ) {
    this.address = address;
    this.#http = new Http(options);
    this.limits = this.#http.limits;
    this.#origin = originOf(address.host, options.insecure === true);
    this.#authorizer = new Authorizer(this.#http, keychain, address.host);
    this.#scopes = [`repository:${address.repository}:${actions}`];
  }

  /** The right to read another repository of the registry as well, which a mount needs. */
  mayRead(repository: string): void {
    const scope = `repository:${repository}:pull`;
    if (!this.#scopes.includes(scope)) this.#scopes.push(scope);
  }

  close(): void {
    this.#http.close();
  }

  wait(attempt: number, retryAfter?: string): Promise<void> {
    return this.#http.wait(attempt, retryAfter);
  }

  /**
   * The answer, whatever its status but 401 and 403.
   * @throws Fault REGISTRY_DENIED, REGISTRY_UNREACHABLE, REGISTRY_INVALID
   */
  async request({ at, isRepeated = true, ...rest }: RepositoryRequest): Promise<HttpAnswer> {
    await this.#ping();
    const url =
      at instanceof URL ? at : new URL(`/v2/${this.address.repository}/${at}`, this.#origin);
    for (let attempt = 1; ; attempt += 1) {
      const isOurs = url.origin === this.#origin.origin;
      const authorization = isOurs ? await this.#authorizer.header(this.#scopes) : undefined;
      const request = { ...rest, url, authorization };
      const answer = await (isRepeated ? this.#http.send(request) : this.#http.sendOnce(request));
      if (answer.status !== 401 && answer.status !== 403) return answer;
      const challenge = parseChallenge(answer.headers["www-authenticate"]);
      const mayBeStale = answer.status === 401 && attempt === 1 && isRepeated && isOurs;
      if (!mayBeStale || challenge === undefined) throw await this.#denied(answer);
      answer.drop();
      this.#authorizer.learn(challenge);
      this.#authorizer.forget(this.#scopes);
    }
  }

  /** What an answer with another status than expected is. */
  async refusal(answer: HttpAnswer, what: string): Promise<Fault> {
    const { status } = answer;
    const isPassing = status === 408 || status === 429 || status >= 500;
    return new Fault(isPassing ? "REGISTRY_UNREACHABLE" : "REGISTRY_REFUSED", what, {
      why: `${this.address.host} answered ${status}${await reasonIn(answer)}`,
      values: { repository: this.address.repository },
    });
  }

  async #denied(answer: HttpAnswer): Promise<Fault> {
    return new Fault("REGISTRY_DENIED", `${this.address.host}/${this.address.repository}`, {
      why: `the registry answered ${answer.status}${await reasonIn(answer)}`,
    });
  }

  /** How the registry wants to be asked (specification, "Determining Support"); a large body is not sent in vain. */
  #ping(): Promise<void> {
    this.#isKnown ??= this.#learn();
    return this.#isKnown;
  }

  async #learn(): Promise<void> {
    const answer = await this.#http.send({ method: "GET", url: new URL("/v2/", this.#origin) });
    if (answer.status === 401) {
      this.#authorizer.learn(parseChallenge(answer.headers["www-authenticate"]));
    }
    answer.drop();
    if (answer.status >= 500 || answer.status === 429) {
      throw await this.refusal(answer, `the registry ${this.address.host}`);
    }
  }
}

/** The registry's own words (specification, "Error Codes"), shortened. */
async function reasonIn(answer: HttpAnswer): Promise<string> {
  try {
    const fields = JSON.parse((await answer.bytes()).toString("utf8")) as {
      errors?: readonly { readonly code?: unknown; readonly message?: unknown }[];
    };
    const [first] = fields.errors ?? [];
    if (first === undefined) return "";
    const text = `: ${String(first.code)} ${String(first.message ?? "")}`;
    return text.replace(/\p{Cc}/gu, " ").slice(0, 300);
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || isFault(error)) return "";
    throw error;
  }
}
