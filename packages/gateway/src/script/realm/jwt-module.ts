import type { ScriptHost } from "../script-host.ts";
import type { JoseKit, JoseParameters } from "./jose-headers.ts";
import type { JoseModule } from "./jose-module.ts";
import type { Done, RealmKit } from "./kit.ts";

/** Runs inside a realm (its text is evaluated there): makes the module jwt for one run. */
export function installJwt(
  kit: RealmKit,
  jose: JoseKit,
  operations: JoseModule,
): (host: ScriptHost) => object {
  const { failure } = jose;
  type Step = readonly [operation: string, value: unknown];
  /** Runs steps one after another; the first that fails ends it. */
  const inTurn = (
    steps: readonly Step[],
    start: unknown,
    perform: (step: Step, value: unknown, next: Done) => void,
    done: Done,
  ): void => {
    const goOn = (at: number, value: unknown): void => {
      const step = steps[at];
      if (step === undefined) {
        done(undefined, value);
        return;
      }
      perform(step, value, (error, result) => {
        if (error === undefined) goOn(at + 1, result);
        else done(error);
      });
    };
    goOn(0, start);
  };
  const textOf = (value: unknown): string =>
    (kit.Buffer.over(kit.bytesOf(value)) as unknown as { toString(): string }).toString();
  const claimsOf = (value: unknown): JoseParameters => {
    let claims: unknown;
    try {
      claims =
        typeof value === "object" && !ArrayBuffer.isView(value) ? value : JSON.parse(textOf(value));
    } catch {
      throw failure("the claims are not JSON");
    }
    if (typeof claims !== "object" || claims === null || Array.isArray(claims)) {
      throw failure("the claims are not a JSON object");
    }
    return claims as JoseParameters;
  };
  const matches = (actual: unknown, expected: unknown): boolean => {
    if (Array.isArray(actual)) return actual.some((each) => matches(each, expected));
    if (Array.isArray(expected)) return expected.some((each) => matches(actual, each));
    if (expected instanceof RegExp) return typeof actual === "string" && expected.test(actual);
    if (typeof actual === "object" || typeof expected === "object") {
      return JSON.stringify(actual) === JSON.stringify(expected);
    }
    return actual === expected;
  };
  const time = (claims: JoseParameters, name: string): number | undefined => {
    const value = claims[name];
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isFinite(value)) {
      throw failure(`the claim ${name} is not a time`);
    }
    return value;
  };
  /** RFC 7519, 4.1: `exp` and `nbf` always, and every claim that is expected. */
  const validate = (claims: JoseParameters, expected: unknown): void => {
    const now = Date.now() / 1000;
    const end = time(claims, "exp");
    if (end !== undefined && now >= end) throw failure("the token has expired");
    const begin = time(claims, "nbf");
    if (begin !== undefined && now < begin) throw failure("the token is not valid yet");
    for (const [name, value] of Object.entries((expected ?? {}) as object)) {
      if (!Object.hasOwn(claims, name)) throw failure(`the claim ${name} is missing`);
      if (!matches(claims[name], value)) throw failure(`the claim ${name} is not what is expected`);
    }
  };
  let stepsOf: (holder: object) => readonly Step[];
  class Operations {
    readonly #known: readonly string[];
    readonly #steps: Step[] = [];
    constructor(known: readonly string[]) {
      this.#known = known;
    }
    static {
      stepsOf = (holder) => [...(holder as Operations).#steps];
    }
    addOperation(operation: unknown, value?: unknown): this {
      const name = String(operation);
      if (!this.#known.includes(name)) throw failure(`operation ${name} is not known`);
      if (name !== "validate" && (value === undefined || value === null)) {
        throw failure(`operation ${name} needs a header or a key`);
      }
      this.#steps.push([name, value]);
      return this;
    }
  }
  kit.freeze(Operations);
  const encoding =
    (host: ScriptHost) =>
    (step: Step, value: unknown, next: Done): void => {
      const [operation, header] = step;
      if (!jose.isHeader(header)) throw failure(`operation ${operation} needs a header of jose`);
      const payload = kit.bytesOf(value);
      if (operation === "sign") operations.sign(host, [header], payload, "compact", next);
      else operations.encrypt(host, header, payload, "compact", next);
    };
  const decoding =
    (host: ScriptHost) =>
    (step: Step, value: unknown, next: Done): void => {
      const [operation, argument] = step;
      if (operation === "validate") {
        const claims = unwrapped(value);
        validate(claims, argument);
        next(undefined, claims);
        return;
      }
      const parsed = operations.parse(value);
      if ((operations.typeOf(parsed) === "jws") !== (operation === "verify")) {
        throw failure(`a token that is not ${operation === "verify" ? "signed" : "encrypted"}`);
      }
      operations.setKey(parsed, argument);
      if (operation === "decrypt") operations.decrypt(host, parsed, next);
      else {
        operations.verify(host, parsed, (error) =>
          next(error, error === undefined ? operations.payloadOf(parsed) : undefined),
        );
      }
    };
  /** The claims in what is left: a signed token that nobody wants verified is read as it is. */
  const unwrapped = (value: unknown): JoseParameters => {
    if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
      return value as JoseParameters;
    }
    const text = textOf(value).trim();
    if (text.startsWith("{")) return claimsOf(text);
    const parsed = operations.parse(text);
    if (operations.typeOf(parsed) === "jwe") throw failure("the token is encrypted");
    return claimsOf(operations.payloadOf(parsed));
  };
  /** Failures of steps go to the callback, those of the callback itself do not come back to it. */
  const guarded =
    (perform: (step: Step, value: unknown, next: Done) => void) =>
    (step: Step, value: unknown, next: Done): void => {
      let result: readonly [unknown, unknown?] | undefined;
      let running = true;
      try {
        perform(step, value, (error, made) => {
          if (running) result = [error, made];
          else next(error, made);
        });
      } catch (error) {
        result = [error];
      }
      running = false;
      if (result !== undefined) next(...result);
    };
  return (host) => {
    class Encoder extends Operations {
      readonly #claims: string;
      constructor(claims: unknown) {
        super(["sign", "encrypt"]);
        this.#claims = JSON.stringify(claimsOf(claims));
      }
      encode(callback: unknown): void {
        const done = kit.callback(callback);
        const steps = stepsOf(this);
        host.later(() => {
          if (steps.length === 0) done(failure("the token needs an operation: sign or encrypt"));
          else inTurn(steps, this.#claims, guarded(encoding(host)), done);
        })();
      }
    }
    class Decoder extends Operations {
      readonly #token: string;
      constructor(token: unknown) {
        super(["verify", "decrypt", "validate"]);
        this.#token = textOf(token);
      }
      decode(callback: unknown): void {
        const done = kit.callback(callback);
        const steps = stepsOf(this);
        host.later(() => {
          inTurn(steps, this.#token, guarded(decoding(host)), (error, value) => {
            if (error !== undefined) {
              done(error);
              return;
            }
            let claims: unknown;
            try {
              claims = unwrapped(value);
            } catch (problem) {
              done(problem);
              return;
            }
            done(undefined, claims);
          });
        })();
      }
    }
    return Object.freeze({ Encoder, Decoder });
  };
}
