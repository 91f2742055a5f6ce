import type { JoseRequest, ScriptHost } from "../script-host.ts";
import type { RealmKit, scriptErrorCodes } from "./kit.ts";

/** Names and values of a JOSE header. */
export type JoseParameters = Record<string, unknown>;

/** A key as a script gives it: the name of an object, a PEM or JWK, or the bytes of a secret. */
export type JoseKey = unknown;

/** A signature to be made or checked, or a recipient. */
export interface JoseHeader {
  readonly isProtected: JoseParameters;
  readonly isUnprotected: JoseParameters;
  key: JoseKey;
}

/** What the classes of jose and the operations of jwt share. */
export interface JoseKit {
  /** The class behind headers of signatures, of messages and of recipients. */
  readonly Header: new (
    key: JoseKey,
    outer?: () => JoseParameters,
  ) => object;
  headerOf(holder: unknown): JoseHeader;
  isHeader(value: unknown): boolean;
  /** Asks the host; `then` runs later with its answer. */
  perform(
    host: ScriptHost,
    operation: JoseRequest["operation"],
    parameters: object,
    keys: readonly JoseKey[],
    payload: Uint8Array,
    then: (problem: string | undefined, result?: string | Uint8Array) => void,
  ): void;
  failure(message: string): Error;
  decodeBytes(text: unknown): Uint8Array;
  /** The object in a base64url part; throws for what is none. */
  decodeObject(text: unknown): JoseParameters;
  /** The JSON members of a JWS (`signatures`) or JWE (`recipients`) in any form; throws for others. */
  membersOf(value: unknown): JoseParameters;
}

/** Runs inside a realm (its text is evaluated there): headers and the way to the host. */
export function installJoseKit(kit: RealmKit, codes: typeof scriptErrorCodes): JoseKit {
  const failure = (message: string): Error => kit.failure(codes.joseFailed, message);
  const copied = (value: JoseParameters): JoseParameters =>
    JSON.parse(JSON.stringify(value)) as JoseParameters;
  let headerOf: (holder: unknown) => JoseHeader;
  let isHeader: (value: unknown) => boolean;
  class Header {
    readonly #parts: JoseHeader;
    readonly #outer: () => JoseParameters;
    constructor(key: JoseKey, outer: () => JoseParameters = () => ({})) {
      this.#parts = { isProtected: {}, isUnprotected: {}, key };
      this.#outer = outer;
    }
    static {
      headerOf = (holder) => (holder as Header).#parts;
      isHeader = (value) => typeof value === "object" && value !== null && #parts in value;
    }
    setProtected(name: unknown, value?: unknown): this {
      return this.#set(this.#parts.isProtected, name, value);
    }
    setUnprotected(name: unknown, value?: unknown): this {
      return this.#set(this.#parts.isUnprotected, name, value);
    }
    getProtected(name?: unknown): unknown {
      return this.#get(this.#parts.isProtected, name);
    }
    getUnprotected(name?: unknown): unknown {
      return this.#get(this.#parts.isUnprotected, name);
    }
    get(name?: unknown): unknown {
      return this.#get(this.getJOSEHeader(), name);
    }
    getJOSEHeader(): JoseParameters {
      const { isProtected, isUnprotected } = this.#parts;
      return copied({ ...this.#outer(), ...isUnprotected, ...isProtected });
    }
    setKey(key: JoseKey): this {
      if (key === undefined || key === null) throw failure("setKey needs a key");
      this.#parts.key = key;
      return this;
    }
    getKey(): JoseKey {
      return this.#parts.key;
    }
    #set(into: JoseParameters, name: unknown, value: unknown): this {
      if (typeof name === "object" && name !== null) {
        for (const [each, own] of Object.entries(name)) this.#set(into, each, own);
        return this;
      }
      if (typeof name !== "string" || name === "") throw failure("a header needs a name");
      if (value === undefined) throw failure(`header ${name} needs a value`);
      Object.assign(into, copied({ [name]: value }));
      return this;
    }
    #get(from: JoseParameters, name: unknown): unknown {
      if (name === undefined) return copied(from);
      return Object.hasOwn(from, String(name)) ? copied(from)[String(name)] : undefined;
    }
  }
  kit.freeze(Header);
  const perform: JoseKit["perform"] = (host, operation, parameters, keys, payload, then) => {
    const secrets: Uint8Array[] = [];
    const references = keys.map((key) => {
      if (key === undefined || key === null) return null;
      if (typeof key === "string") return { text: key };
      if (typeof key === "object" && !ArrayBuffer.isView(key) && !(key instanceof kit.Buffers)) {
        return { jwk: key };
      }
      secrets.push(kit.Buffer.over(kit.bytesOf(key)));
      return { secret: secrets.length - 1 };
    });
    const text = JSON.stringify({ ...parameters, keys: references });
    host.jose({ operation, parameters: text, payload, secrets }, host.later(then));
  };
  const decodeBytes = (text: unknown): Uint8Array => {
    if (typeof text !== "string" || !/^[\w-]*$/.test(text)) throw failure("not base64url");
    return kit.Buffer.from(text, "base64url");
  };
  const decodeText = (text: unknown): string =>
    (decodeBytes(text) as unknown as { toString(): string }).toString();
  const decodeObject = (text: unknown): JoseParameters => {
    let value: unknown;
    try {
      value = JSON.parse(decodeText(text));
    } catch {
      throw failure("a header is not JSON in base64url");
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw failure("a header is not a JSON object");
    }
    return value as JoseParameters;
  };
  const compactParts = (text: string): JoseParameters => {
    const parts = text.split(".");
    if (parts.length === 3) {
      const [isProtected, payload, signature] = parts;
      return { payload, signatures: [{ protected: isProtected, signature }] };
    }
    if (parts.length !== 5) throw failure("not a JWS or JWE in compact form");
    const [isProtected, encrypted_key, iv, ciphertext, tag] = parts;
    return { protected: isProtected, recipients: [{ encrypted_key }], iv, ciphertext, tag };
  };
  const jsonParts = (given: JoseParameters): JoseParameters => {
    const members = { ...given };
    if (members.payload !== undefined && members.signatures === undefined) {
      const { protected: isProtected, header, signature } = members;
      members.signatures = [{ protected: isProtected, header, signature }];
    }
    if (members.ciphertext !== undefined && members.recipients === undefined) {
      members.recipients = [{ header: members.header, encrypted_key: members.encrypted_key }];
    }
    return members;
  };
  const areObjects = (list: unknown): boolean =>
    Array.isArray(list) &&
    list.length > 0 &&
    list.every((each) => typeof each === "object" && each !== null);
  const isPlain = (value: unknown): boolean =>
    !ArrayBuffer.isView(value) && !(value instanceof kit.Buffers);
  const bytesText = (value: unknown): string =>
    (kit.Buffer.over(kit.bytesOf(value)) as unknown as { toString(): string }).toString();
  const parsedJson = (value: unknown): JoseParameters => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(typeof value === "string" ? value : JSON.stringify(value));
    } catch {
      throw failure("not JSON");
    }
    if (typeof parsed !== "object" || parsed === null) throw failure("neither a JWS nor a JWE");
    return parsed as JoseParameters;
  };
  const membersOf: JoseKit["membersOf"] = (value) => {
    const text = typeof value === "string" ? value : undefined;
    const bytes =
      text ?? (typeof value === "object" && !isPlain(value) ? bytesText(value) : undefined);
    const given =
      bytes === undefined || bytes.trimStart().startsWith("{") ? parsedJson(bytes ?? value) : bytes;
    const members = typeof given === "string" ? compactParts(given.trim()) : jsonParts(given);
    if (areObjects(members.signatures)) return { ...members, recipients: undefined };
    if (areObjects(members.recipients)) return { ...members, signatures: undefined };
    throw failure("neither a JWS nor a JWE");
  };
  return { Header, headerOf, isHeader, perform, failure, decodeBytes, decodeObject, membersOf };
}
