import { createHash } from "node:crypto";
import { Fault, isFault } from "@lithify/fault";
import type { Digest } from "../blob/digest.ts";
import type { RepositoryClient } from "./client.ts";
import { type HttpAnswer, invalidAnswer } from "./http.ts";

/**
 * A blob, resumed where the connection broke, checked against digest and size. Tries that bring bytes do not count
 * against the limit: what has come is never asked for again.
 * @throws Fault BLOB_UNKNOWN, DIGEST_MISMATCH, SIZE_MISMATCH, REGISTRY_UNREACHABLE, REGISTRY_REFUSED
 */
export async function* downloadBlob(
  client: RepositoryClient,
  digest: Digest,
  size: number | undefined,
): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let offset = 0;
  let failures = 0;
  do {
    const before = offset;
    const failure: { error?: Fault } = {};
    for await (const chunk of untilBroken(partOf(client, digest, offset, size), failure)) {
      offset += chunk.length;
      if (size !== undefined && offset > size) throw sizeMismatch(digest, size, offset);
      hash.update(chunk);
      yield chunk;
    }
    const hasCome = offset > before;
    // A body that ends early without an error is broken off too
    if (failure.error === undefined && size === undefined) break;
    if (failure.error === undefined && !hasCome && offset !== size) {
      throw sizeMismatch(digest, size ?? 0, offset);
    }
    failures = await failuresNow(client, failures, hasCome, failure.error);
  } while (offset !== size);
  const actual = `sha256:${hash.digest("hex")}`;
  if (actual === digest) return;
  throw new Fault("DIGEST_MISMATCH", `blob ${digest}`, {
    why: "the registry gave other bytes",
    values: { registry: client.address.host, actual },
  });
}

/** Failures in a row, after this try; waits when nothing came. */
async function failuresNow(
  client: RepositoryClient,
  before: number,
  hasCome: boolean,
  error: Fault | undefined,
): Promise<number> {
  if (error === undefined) return before;
  const failures = hasCome ? 1 : before + 1;
  if (failures >= client.limits.attempts) throw error;
  if (!hasCome) await client.wait(failures);
  return failures;
}

/** The bytes up to the end, or up to where the connection broke. */
async function* untilBroken(
  bytes: AsyncIterable<Uint8Array>,
  failure: { error?: Fault },
): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    if (!isFault(error, "REGISTRY_UNREACHABLE")) throw error;
    failure.error = error;
  }
}

async function* partOf(
  client: RepositoryClient,
  digest: Digest,
  offset: number,
  size: number | undefined,
): AsyncGenerator<Uint8Array> {
  if (offset > 0 && offset === size) return;
  const headers = offset === 0 ? {} : { range: `bytes=${offset}-` };
  const answer = await client.request({ method: "GET", at: `blobs/${digest}`, headers });
  if (answer.status === 404) {
    answer.drop();
    throw new Fault("BLOB_UNKNOWN", `blob ${digest}`, {
      values: { registry: client.address.host, repository: client.address.repository },
    });
  }
  if (answer.status === 206 && startOfRange(answer) === offset) {
    yield* answer.body;
  } else if (answer.status === 200) {
    yield* skipped(answer.body, offset);
  } else if (answer.status === 416 && offset > 0) {
    answer.drop();
    yield* whole(client, digest, offset);
  } else if (answer.status < 300) {
    answer.drop();
    throw invalidAnswer(answer.url, "it is not the part of the blob that was asked for");
  } else throw await client.refusal(answer, `blob ${digest}`);
}

/** A server that gives no parts: from the start again, what is there already left out. */
async function* whole(
  client: RepositoryClient,
  digest: Digest,
  offset: number,
): AsyncGenerator<Uint8Array> {
  const answer = await client.request({ method: "GET", at: `blobs/${digest}` });
  if (answer.status !== 200) throw await client.refusal(answer, `blob ${digest}`);
  yield* skipped(answer.body, offset);
}

async function* skipped(
  body: AsyncIterable<Uint8Array>,
  offset: number,
): AsyncGenerator<Uint8Array> {
  let left = offset;
  for await (const chunk of body) {
    const rest = chunk.subarray(left);
    left -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

function startOfRange({ headers }: HttpAnswer): number {
  const match = /^bytes ([0-9]+)-/.exec(headers["content-range"] ?? "");
  return match === null ? -1 : Number(match[1]);
}

function sizeMismatch(digest: Digest, size: number, found: number): Fault {
  return new Fault("SIZE_MISMATCH", `blob ${digest}`, { values: { size, found } });
}
