import type { CryptoStream, ScriptHost } from "../script-host.ts";
import type { RealmKit } from "./kit.ts";

/** Runs inside a realm (its text is evaluated there): makes the module crypto for one run. */
export function installCrypto(kit: RealmKit): (host: ScriptHost) => object {
  const shown = (bytes: Uint8Array, encoding: unknown): unknown => {
    const buffer = kit.Buffer.over(bytes) as unknown as { toString(encoding: string): string };
    return encoding === undefined || encoding === "buffer"
      ? buffer
      : buffer.toString(String(encoding));
  };
  const input = (data: unknown, encoding?: unknown): Uint8Array =>
    kit.bytesOf(data, encoding === undefined ? undefined : String(encoding));
  /** A key as the host takes it: the name of an object, bytes, or the text of a key. */
  const keyOf = (key: unknown): string | Uint8Array => {
    const given =
      typeof key === "object" && key !== null && "key" in key ? (key as { key: unknown }).key : key;
    return typeof given === "string" ? given : kit.bytesOf(given);
  };
  const paddingOf = (key: unknown): number | undefined =>
    typeof key === "object" && key !== null && "padding" in key
      ? Number((key as { padding: unknown }).padding)
      : undefined;

  class Gathering {
    #parts: Uint8Array[] = [];
    #ended = false;
    update(data: unknown, encoding?: unknown): this {
      if (this.#ended) throw new Error("the digest has been made");
      this.#parts.push(kit.Buffer.over(input(data, encoding)));
      return this;
    }
    /** Everything gathered, once. */
    protected gathered(): Uint8Array {
      if (this.#ended) throw new Error("the digest has been made");
      this.#ended = true;
      return kit.Buffer.concat(this.#parts);
    }
  }
  class Digest extends Gathering {
    readonly #make: (bytes: Uint8Array) => Uint8Array;
    constructor(make: (bytes: Uint8Array) => Uint8Array) {
      super();
      this.#make = make;
    }
    digest(encoding?: unknown): unknown {
      return shown(this.#make(this.gathered()), encoding);
    }
  }
  class Sign extends Gathering {
    readonly #host: ScriptHost;
    readonly #algorithm: string;
    constructor(host: ScriptHost, algorithm: unknown) {
      super();
      this.#host = host;
      this.#algorithm = String(algorithm);
    }
    sign(key: unknown, encoding?: unknown): unknown {
      const signed = this.gathered();
      const made = this.#host.sign(this.#algorithm, keyOf(key), signed, paddingOf(key));
      return shown(made, encoding);
    }
  }
  class Verify extends Gathering {
    readonly #host: ScriptHost;
    readonly #algorithm: string;
    constructor(host: ScriptHost, algorithm: unknown) {
      super();
      this.#host = host;
      this.#algorithm = String(algorithm);
    }
    verify(key: unknown, signature: unknown, encoding?: unknown): boolean {
      return this.#host.verify(
        this.#algorithm,
        keyOf(key),
        this.gathered(),
        input(signature, encoding),
        paddingOf(key),
      );
    }
  }
  class Cipher {
    readonly #stream: CryptoStream;
    constructor(stream: CryptoStream) {
      this.#stream = stream;
    }
    update(data: unknown, encoding?: unknown, output?: unknown): unknown {
      return shown(this.#stream.update(input(data, encoding)), output);
    }
    final(output?: unknown): unknown {
      return shown(this.#stream.final(), output);
    }
    setAutoPadding(on: unknown = true): this {
      this.#stream.setAutoPadding(Boolean(on));
      return this;
    }
    setAAD(data: unknown): this {
      this.#stream.setAAD(input(data));
      return this;
    }
    getAuthTag(): unknown {
      return shown(this.#stream.getAuthTag(), undefined);
    }
    setAuthTag(tag: unknown): this {
      this.#stream.setAuthTag(input(tag));
      return this;
    }
  }
  kit.freeze([Digest, Sign, Verify, Cipher]);
  const ivOf = (iv: unknown): Uint8Array | undefined =>
    iv === null || iv === undefined ? undefined : input(iv);
  return (host) =>
    Object.freeze({
      createHash: (algorithm: unknown) =>
        new Digest((bytes) => host.hash(String(algorithm), undefined, bytes)),
      createHmac: (algorithm: unknown, key: unknown) => {
        const secret = keyOf(key);
        return new Digest((bytes) => host.hash(String(algorithm), secret, bytes));
      },
      createSign: (algorithm: unknown) => new Sign(host, algorithm),
      createVerify: (algorithm: unknown) => new Verify(host, algorithm),
      createCipheriv: (algorithm: unknown, key: unknown, iv: unknown) =>
        new Cipher(host.cipher("encrypt", String(algorithm), keyOf(key), ivOf(iv))),
      createDecipheriv: (algorithm: unknown, key: unknown, iv: unknown) =>
        new Cipher(host.cipher("decrypt", String(algorithm), keyOf(key), ivOf(iv))),
      randomBytes(size: unknown, callback?: unknown): unknown {
        const bytes = kit.Buffer.over(host.randomBytes(Number(size)));
        if (callback === undefined) return bytes;
        host.later(kit.callback(callback))(undefined, bytes);
        return undefined;
      },
      timingSafeEqual: (left: unknown, right: unknown): boolean =>
        host.sameBytes(input(left), input(right)),
      getHashes: () => host.cryptoNames("hashes"),
      getCiphers: () => host.cryptoNames("ciphers"),
      constants: Object.freeze({ RSA_PKCS1_PADDING: 1, RSA_PKCS1_PSS_PADDING: 6 }),
    });
}
