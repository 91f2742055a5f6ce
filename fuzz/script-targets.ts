import { createHmac } from "node:crypto";
import { formatText } from "../packages/gateway/src/script/format-text.ts";
import { performJose } from "../packages/gateway/src/script/jose-operations.ts";
import { noKeys } from "../packages/gateway/src/script/script-keys.ts";
import { remarksOnScript } from "../packages/gateway/src/script/script-level.ts";
import { importsModules, usesOfScript } from "../packages/gateway/src/script/script-uses.ts";
import type { Target } from "./target.ts";

const secret = "0123456789abcdef0123456789abcdef";
const payload = '{"iss":"a","exp":4000000000}';

/** What scripts of a gateway hand to parsers, and their own text. */
export const scriptTargets: readonly Target[] = [
  {
    name: "script-format",
    corpus: async () => [
      Buffer.from("%s is %d%% of %i, %j %o %x %X %b %c %e %f %u\na\n1\n2.5\n{}\n65"),
      Buffer.from("%2$s %1$d %9$s %%s %\n7\nb"),
    ],
    parse(bytes) {
      const [format = "", ...values] = bytes.toString("utf8").split("\n");
      const numbers = values.map((value) => (Number.isNaN(Number(value)) ? value : Number(value)));
      formatText([format, ...numbers]);
      formatText([format, ...values.map((value) => ({ value }))]);
    },
  },
  {
    name: "script-text",
    corpus: async () => [
      Buffer.from("var sm = require('service-metadata'); // require('apim')\nreturn sm?.URI ?? 1;"),
      Buffer.from("require('./a').callRule('r', 'in', 'out', f); import('x'); a ** 2; /(?<n>a)/s;"),
      Buffer.from("transform.xslt({ location: `x` }, class { #a = 1n; static {} });"),
    ],
    parse(bytes) {
      const source = bytes.toString("utf8");
      usesOfScript(source);
      remarksOnScript(source);
      importsModules(source);
    },
  },
  {
    name: "jws-compact",
    corpus: async () => [Buffer.from(signed())],
    async parse(bytes) {
      const [isProtected, body = "", signature] = bytes.toString("utf8").split(".");
      const members = { payload: body, signatures: [{ protected: isProtected, signature }] };
      if (!(await holds("verify", members))) return;
      if (Buffer.from(body, "base64url").toString() !== payload) {
        throw new Error("another payload holds");
      }
    },
  },
  {
    name: "jwe-compact",
    corpus: async () => [
      Buffer.from(await encrypted("dir")),
      Buffer.from(await encrypted("A256KW")),
    ],
    async parse(bytes) {
      const [isProtected, encrypted_key, iv, ciphertext, tag] = bytes.toString("utf8").split(".");
      const members = {
        protected: isProtected,
        recipients: [{ encrypted_key }],
        iv,
        ciphertext,
        tag,
      };
      const text = await holds("decrypt", members);
      if (text && Buffer.from(text as Uint8Array).toString() !== payload) {
        throw new Error("another text comes out");
      }
    },
  },
];

/** What comes of it; undefined for an Error, which is what a wrong token ends in. */
async function holds(
  operation: "verify" | "decrypt",
  members: object,
): Promise<string | Uint8Array | true | undefined> {
  const parameters = JSON.stringify({ members, keys: [{ secret: 0 }] });
  const request = {
    operation,
    parameters,
    payload: Buffer.alloc(0),
    secrets: [Buffer.from(secret)],
  };
  try {
    return (await performJose(request, noKeys)) || true;
  } catch (error) {
    const { name, message } = error as Error;
    // a slip of ours, as opposed to a refusal
    if (/Cannot read|is not a function|undefined \(/.test(message)) throw error;
    if (!(error instanceof Error) || name === "") throw error;
    return undefined;
  }
}

function signed(): string {
  const text = [Buffer.from('{"alg":"HS256"}'), Buffer.from(payload)]
    .map((part) => part.toString("base64url"))
    .join(".");
  return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
}

async function encrypted(alg: string): Promise<string> {
  const parameters = JSON.stringify({
    format: "compact",
    isProtected: { alg, enc: alg === "dir" ? "A256GCM" : "A128CBC-HS256" },
    isUnprotected: {},
    recipients: [{}],
    keys: [{ secret: 0 }],
  });
  const request = { operation: "encrypt" as const, parameters, secrets: [Buffer.from(secret)] };
  return String(await performJose({ ...request, payload: Buffer.from(payload) }, noKeys));
}
