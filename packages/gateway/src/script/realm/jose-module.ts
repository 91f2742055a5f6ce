import type { ScriptHost } from "../script-host.ts";
import type { JoseHeader, JoseKey, JoseKit, JoseParameters } from "./jose-headers.ts";
import type { Done, RealmKit } from "./kit.ts";

/** A JWS or JWE that was parsed, with the keys that a script has set. */
export interface ParsedJose {
  readonly type: "jws" | "jwe";
  /** The members of its JSON form. */
  readonly members: JoseParameters;
  /** Keys in the order of its signatures or recipients. */
  keys(): JoseKey[];
  directKey(): JoseKey;
}

/** The module jose for a run, and what jwt takes from it. */
export interface JoseModule {
  make(host: ScriptHost): object;
  sign(
    host: ScriptHost,
    headers: readonly unknown[],
    payload: Uint8Array,
    format: string,
    done: Done,
  ): void;
  encrypt(host: ScriptHost, header: unknown, payload: Uint8Array, format: string, done: Done): void;
  verify(host: ScriptHost, parsed: object, done: Done): void;
  decrypt(host: ScriptHost, parsed: object, done: Done): void;
  parse(value: unknown): object;
  /** Sets the key of every signature or recipient. */
  setKey(parsed: object, key: JoseKey): void;
  payloadOf(parsed: object): Uint8Array;
  typeOf(parsed: object): "jws" | "jwe";
}

/** Runs inside a realm (its text is evaluated there): the module jose. */
export function installJose(kit: RealmKit, jose: JoseKit): JoseModule {
  const { Header, headerOf, failure } = jose;
  let partsOf: (parsed: object) => ParsedJose;
  const filled = (isProtected: unknown, isUnprotected: unknown, outer?: () => JoseParameters) => {
    const header = new Header(undefined, outer);
    if (isProtected !== undefined && isProtected !== "") {
      Object.assign(headerOf(header).isProtected, jose.decodeObject(isProtected));
    }
    Object.assign(headerOf(header).isUnprotected, isUnprotected);
    return header;
  };
  class JWSObject {
    readonly #parts: ParsedJose;
    readonly #signatures: readonly object[];
    constructor(members: JoseParameters) {
      const list = members.signatures as JoseParameters[];
      this.#signatures = list.map((each) => filled(each.protected, each.header));
      this.#parts = {
        type: "jws",
        members,
        keys: () => this.#signatures.map((each) => headerOf(each).key),
        directKey: () => undefined,
      };
    }
    static of(parsed: object): ParsedJose | undefined {
      return #parts in parsed ? (parsed as JWSObject).#parts : undefined;
    }
    getSignatures(): object[] {
      return [...this.#signatures];
    }
    setKey(key: JoseKey): this {
      for (const each of this.#signatures) headerOf(each).key = key;
      return this;
    }
    getPayload(): Uint8Array {
      return kit.Buffer.over(jose.decodeBytes(this.#parts.members.payload));
    }
  }
  class JWEObject extends Header {
    readonly #parts: ParsedJose;
    readonly #recipients: readonly object[];
    #directKey: JoseKey;
    constructor(members: JoseParameters) {
      super(undefined);
      const own = headerOf(this);
      Object.assign(own.isProtected, members.protected && jose.decodeObject(members.protected));
      Object.assign(own.isUnprotected, members.unprotected);
      const shared = (): JoseParameters => ({ ...own.isUnprotected, ...own.isProtected });
      const list = members.recipients as JoseParameters[];
      this.#recipients = list.map((each) => filled(undefined, each.header, shared));
      this.#parts = {
        type: "jwe",
        members,
        keys: () => this.#recipients.map((each) => headerOf(each).key ?? own.key),
        directKey: () => this.#directKey,
      };
    }
    static of(parsed: object): ParsedJose | undefined {
      return #parts in parsed ? (parsed as JWEObject).#parts : undefined;
    }
    getRecipients(): object[] {
      return [...this.#recipients];
    }
    setDirectKey(key: JoseKey): this {
      this.#directKey = key;
      return this;
    }
  }
  partsOf = (parsed) => {
    const known =
      typeof parsed === "object" && parsed !== null
        ? (JWSObject.of(parsed) ?? JWEObject.of(parsed))
        : undefined;
    if (known === undefined) throw failure("an object that jose.parse gave is required");
    return known;
  };
  class JWEHeader extends Header {
    readonly #recipients: object[] = [];
    addRecipient(key: JoseKey, alg: unknown, header?: object): this {
      const recipient = new Header(key, () => headerOf(this).isProtected);
      Object.assign(headerOf(recipient).isUnprotected, header, { alg: String(alg) });
      this.#recipients.push(recipient);
      return this;
    }
    getRecipients(): object[] {
      return [...this.#recipients];
    }
  }
  kit.freeze([JWSObject, JWEObject, JWEHeader]);
  const parse: JoseModule["parse"] = (value) => {
    const members = jose.membersOf(value);
    return members.signatures === undefined ? new JWEObject(members) : new JWSObject(members);
  };
  const formatOf = (format: unknown): string => {
    const name = format === undefined ? "compact" : String(format);
    if (name === "compact" || name === "json" || name === "json_flat") return name;
    throw failure(`serialization ${name} is not known`);
  };
  const answer =
    (done: Done, make: (result: string | Uint8Array) => unknown) =>
    (problem: string | undefined, result?: string | Uint8Array): void => {
      if (result === undefined) done(failure(problem ?? "it failed"));
      else done(undefined, make(result));
    };
  const serialized = (format: string) => (result: string | Uint8Array) =>
    format === "compact" ? result : (JSON.parse(String(result)) as unknown);
  const sign: JoseModule["sign"] = (host, headers, payload, format, done) => {
    const list: JoseHeader[] = headers.map((each) => headerOf(each));
    const signatures = list.map(({ isProtected, isUnprotected }) => ({
      isProtected,
      isUnprotected,
    }));
    const keys = list.map(({ key }) => key);
    const then = answer(done, serialized(format));
    jose.perform(host, "sign", { format, signatures }, keys, payload, then);
  };
  const encrypt: JoseModule["encrypt"] = (host, header, payload, format, done) => {
    const { isProtected, isUnprotected, key } = headerOf(header);
    const added = header instanceof JWEHeader ? header.getRecipients().map(headerOf) : [];
    const list = added.length > 0 ? added : [{ isUnprotected: {}, key }];
    const recipients = list.map((each) => each.isUnprotected);
    const keys = list.map((each) => each.key);
    const parameters = { format, isProtected, isUnprotected, recipients };
    jose.perform(host, "encrypt", parameters, keys, payload, answer(done, serialized(format)));
  };
  const verify: JoseModule["verify"] = (host, parsed, done) => {
    const { members, keys } = partsOf(parsed);
    const none = kit.Buffer.from("");
    jose.perform(
      host,
      "verify",
      { members },
      keys(),
      none,
      answer(done, () => undefined),
    );
  };
  const decrypt: JoseModule["decrypt"] = (host, parsed, done) => {
    const { members, keys, directKey } = partsOf(parsed);
    const own = directKey();
    const all = keys().map((key) => key ?? own);
    const none = kit.Buffer.from("");
    const plain = (result: string | Uint8Array): unknown =>
      typeof result === "string" ? result : kit.Buffer.over(result);
    jose.perform(host, "decrypt", { members }, all, none, answer(done, plain));
  };
  class Gathering {
    #parts: Uint8Array[] = [];
    update(data: unknown): this {
      this.#parts.push(kit.Buffer.over(kit.bytesOf(data)));
      return this;
    }
    protected gathered(): Uint8Array {
      return kit.Buffer.concat(this.#parts);
    }
  }
  class Writer extends Gathering {
    readonly #write: (payload: Uint8Array, format: string, done: Done) => void;
    constructor(write: (payload: Uint8Array, format: string, done: Done) => void) {
      super();
      this.#write = write;
    }
    run(first: unknown, second: unknown): void {
      const [format, done] = second === undefined ? [undefined, first] : [first, second];
      this.#write(this.gathered(), formatOf(format), kit.callback(done));
    }
  }
  class JWSSigner extends Writer {
    sign(first: unknown, second?: unknown): void {
      this.run(first, second);
    }
  }
  class JWEEncrypter extends Writer {
    encrypt(first: unknown, second?: unknown): void {
      this.run(first, second);
    }
  }
  kit.freeze([JWSSigner, JWEEncrypter, parse]);
  const make = (host: ScriptHost): object =>
    Object.freeze({
      createJWSHeader(key?: JoseKey, alg?: unknown): object {
        const header = new Header(key);
        if (alg !== undefined) headerOf(header).isProtected.alg = String(alg);
        return header;
      },
      createJWSSigner(...headers: readonly unknown[]): object {
        if (headers.length === 0 || !headers.every(jose.isHeader)) {
          throw failure("createJWSSigner needs headers that createJWSHeader gave");
        }
        return new JWSSigner((payload, format, done) => sign(host, headers, payload, format, done));
      },
      createJWSVerifier(parsed: object): object {
        if (partsOf(parsed).type !== "jws") throw failure("createJWSVerifier needs a JWS");
        return Object.freeze({
          validate: (done: unknown) => verify(host, parsed, kit.callback(done)),
        });
      },
      createJWEHeader(enc?: unknown): object {
        const header = new JWEHeader(undefined);
        if (enc !== undefined) headerOf(header).isProtected.enc = String(enc);
        return header;
      },
      createJWEEncrypter(header: unknown): object {
        if (!(header instanceof JWEHeader)) {
          throw failure("createJWEEncrypter needs a header that createJWEHeader gave");
        }
        return new JWEEncrypter((payload, format, done) =>
          encrypt(host, header, payload, format, done),
        );
      },
      createJWEDecrypter(parsed: object): object {
        if (partsOf(parsed).type !== "jwe") throw failure("createJWEDecrypter needs a JWE");
        return Object.freeze({
          decrypt: (done: unknown) => decrypt(host, parsed, kit.callback(done)),
        });
      },
      parse,
    });
  return {
    make,
    sign,
    encrypt,
    verify,
    decrypt,
    parse,
    setKey: (parsed, key) => void (parsed as JWSObject).setKey(key),
    payloadOf: (parsed) => (parsed as JWSObject).getPayload(),
    typeOf: (parsed) => partsOf(parsed).type,
  };
}
