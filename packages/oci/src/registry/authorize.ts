import { Fault } from "@lithify/fault";
import { type Http, invalidAnswer } from "./http.ts";
import type { Credentials, Keychain } from "./keychain.ts";

/** What a registry answers to a request without credentials (RFC 9110, 11.6.1). */
export interface Challenge {
  readonly scheme: "basic" | "bearer";
  readonly parameters: Readonly<Record<string, string>>;
}

interface Token {
  readonly value: string;
  readonly until: number;
}

/** Tokens live 60 seconds when their server does not say (token specification of the distribution project). */
const defaultSeconds = 60;
/** A token that ends so soon is asked for anew. */
const marginMilliseconds = 10_000;

/** Who asks at one registry: keeps tokens by scope, so that each is asked for once. */
export class Authorizer {
  readonly #http: Http;
  readonly #keychain: Keychain;
  readonly #host: string;
  #challenge: Challenge | undefined;
  #credentials: Promise<Credentials | undefined> | undefined;
  readonly #tokens = new Map<string, Promise<Token>>();

  constructor(http: Http, keychain: Keychain, host: string) {
    this.#http = http;
    this.#keychain = keychain;
    this.#host = host;
  }

  learn(challenge: Challenge | undefined): void {
    this.#challenge = challenge;
  }

  /** The Authorization header for these scopes; undefined while the registry asks for none. */
  async header(scopes: readonly string[]): Promise<string | undefined> {
    if (this.#challenge === undefined) return undefined;
    const credentials = await this.#known();
    if (this.#challenge.scheme === "basic") {
      if (credentials?.by !== "password") return undefined;
      return basic(credentials.username, credentials.password);
    }
    const key = scopes.join(" ");
    let token = this.#tokens.get(key);
    if (token !== undefined && (await token).until < Date.now() + marginMilliseconds) {
      token = undefined;
    }
    if (token === undefined) {
      token = this.#ask(this.#challenge, scopes, credentials);
      this.#tokens.set(key, token);
      token.catch(() => this.#tokens.delete(key));
    }
    return `Bearer ${(await token).value}`;
  }

  /** The registry refused what it was shown: the next header is a new one. */
  forget(scopes: readonly string[]): void {
    this.#tokens.delete(scopes.join(" "));
  }

  #known(): Promise<Credentials | undefined> {
    this.#credentials ??= this.#keychain.credentials(this.#host);
    return this.#credentials;
  }

  async #ask(
    { parameters }: Challenge,
    scopes: readonly string[],
    credentials: Credentials | undefined,
  ): Promise<Token> {
    const { realm = "", service } = parameters;
    if (!URL.canParse(realm)) {
      throw invalidAnswer(new URL(`https://${this.#host}`), "its token server has no address");
    }
    const url = new URL(realm);
    const fields: [string, string][] = scopes.map((scope) => ["scope", scope]);
    if (service !== undefined) fields.push(["service", service]);
    const answer =
      credentials?.by === "identity-token"
        ? await this.#exchange(url, scopes, service, credentials.token)
        : await this.#http.send({
            method: "GET",
            url: withQuery(url, fields),
            authorization:
              credentials === undefined
                ? undefined
                : basic(credentials.username, credentials.password),
          });
    if (answer.status !== 200) {
      answer.drop();
      throw new Fault("REGISTRY_DENIED", `a token for ${this.#host}`, {
        why: `the token server answered ${answer.status}`,
        values: { server: url.host, scope: scopes.join(" ") },
      });
    }
    return tokenOf(await answer.bytes(), url);
  }

  #exchange(url: URL, scopes: readonly string[], service: string | undefined, token: string) {
    const form = new URLSearchParams({
      grant_type: "refresh_token",
      client_id: "lithify",
      scope: scopes.join(" "),
      refresh_token: token,
      ...(service === undefined ? {} : { service }),
    });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    return this.#http.send({ method: "POST", url, headers, body: Buffer.from(form.toString()) });
  }
}

/** Of the challenges in WWW-Authenticate the first for a token, else the first for a password. */
export function parseChallenge(header: string | undefined): Challenge | undefined {
  const challenges: { readonly scheme: string; readonly parameters: Record<string, string> }[] = [];
  for (const [, name = "", quoted, plain] of (header ?? "").matchAll(word)) {
    if (quoted === undefined && plain === undefined) {
      challenges.push({ scheme: name.toLowerCase(), parameters: {} });
      continue;
    }
    const parameters = challenges.at(-1)?.parameters ?? {};
    parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, "$1") ?? plain ?? "";
  }
  const found = (["bearer", "basic"] as const).flatMap((scheme) => {
    const challenge = challenges.find((each) => each.scheme === scheme);
    return challenge === undefined ? [] : [{ scheme, parameters: challenge.parameters }];
  });
  return found[0];
}

/** A scheme, or a parameter with its value (RFC 9110, 11.6.1): what stands in quotes is no challenge. */
const word = /([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?/g;

function tokenOf(bytes: Buffer, url: URL): Token {
  let fields: { token?: unknown; access_token?: unknown; expires_in?: unknown };
  try {
    fields = JSON.parse(bytes.toString("utf8")) ?? {};
  } catch {
    throw invalidAnswer(url, "the token is not JSON");
  }
  const value = fields.token ?? fields.access_token;
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value)) {
    throw invalidAnswer(url, "it holds no token");
  }
  const seconds = typeof fields.expires_in === "number" ? fields.expires_in : defaultSeconds;
  return { value, until: Date.now() + Math.max(seconds, defaultSeconds) * 1000 };
}

function withQuery(url: URL, fields: readonly (readonly [string, string])[]): URL {
  const result = new URL(url);
  for (const [name, value] of fields) result.searchParams.append(name, value);
  return result;
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
