import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { performJose } from "../src/script/jose-operations.ts";
import { noKeys } from "../src/script/script-keys.ts";

interface Vector {
  readonly source: string;
  readonly operation: "verify" | "decrypt";
  readonly key: { readonly kty: string };
  readonly compact: string;
  readonly text: string;
}

/** Examples of RFC 7515 and RFC 7520, a file each. */
const cases = join(import.meta.dirname, "cases/jose");

function membersOf({ operation, compact }: Pick<Vector, "operation" | "compact">): object {
  const parts = compact.split(".");
  if (operation === "verify") {
    const [isProtected, payload, signature] = parts;
    return { payload, signatures: [{ protected: isProtected, signature }] };
  }
  const [isProtected, encrypted_key, iv, ciphertext, tag] = parts;
  return { protected: isProtected, recipients: [{ encrypted_key }], iv, ciphertext, tag };
}

function perform(vector: Pick<Vector, "operation" | "compact">, key: object): Promise<string> {
  const parameters = JSON.stringify({ members: membersOf(vector), keys: [{ jwk: key }] });
  const request = {
    operation: vector.operation,
    parameters,
    payload: Buffer.alloc(0),
    secrets: [],
  };
  return performJose(request, noKeys).then((result) => Buffer.from(result as string).toString());
}

/** With another character somewhere inside one of its parts. */
function changed(compact: string, part: number): string {
  const parts = compact.split(".");
  const text = parts[part]!;
  const at = Math.floor(text.length / 2);
  parts[part] = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
  return parts.join(".");
}

describe.each(readdirSync(cases))("%s", (name) => {
  const vector = JSON.parse(readFileSync(join(cases, name), "utf8")) as Vector;
  test("holds", async () => {
    const text = await perform(vector, vector.key);
    const [, payload = ""] = vector.compact.split(".");
    expect(
      vector.operation === "verify" ? Buffer.from(payload, "base64url").toString() : text,
    ).toBe(vector.text);
  });
  const parts = vector.compact.split(".").flatMap((text, part) => (text === "" ? [] : [part]));
  test.each(parts)("does not hold with another part %d", async (part) => {
    const other = { ...vector, compact: changed(vector.compact, part) };
    await expect(perform(other, vector.key)).rejects.toThrow();
  });
  test("does not hold with a key of another kind", async () => {
    const other =
      vector.key.kty === "oct" ? { kty: "RSA", n: "AQAB", e: "AQAB" } : { kty: "oct", k: "AAAA" };
    await expect(perform(vector, other)).rejects.toThrow();
  });
});

test("what was encrypted with RSA1_5 fails alike, whatever is wrong with it", async () => {
  const vector = JSON.parse(readFileSync(join(cases, "rfc7520-5.1.json"), "utf8")) as Vector;
  const messages = await Promise.all(
    [1, 2, 3, 4].map((part) =>
      perform({ ...vector, compact: changed(vector.compact, part) }, vector.key).catch(String),
    ),
  );
  expect(new Set(messages)).toEqual(new Set(["Error: the message cannot be decrypted"]));
});

test("a certificate or public key is no secret for an HMAC", async () => {
  const vector = JSON.parse(readFileSync(join(cases, "rfc7515-a1.json"), "utf8")) as Vector;
  const parameters = JSON.stringify({ members: membersOf(vector), keys: [{ secret: 0 }] });
  const secrets = [Buffer.from("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")];
  const request = { operation: "verify" as const, parameters, payload: Buffer.alloc(0), secrets };
  await expect(performJose(request, noKeys)).rejects.toThrow("not a shared secret key");
});
