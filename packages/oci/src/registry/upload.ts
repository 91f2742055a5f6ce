import { Fault, isFault } from "@lithify/fault";
import type { Descriptor } from "../image/manifest.ts";
import type { RepositoryClient } from "./client.ts";
import { type HttpAnswer, isPassing, locationOf } from "./http.ts";

/** A blob to be uploaded; `open` may be called again when a connection breaks. */
export interface Upload {
  readonly descriptor: Descriptor;
  readonly open: () => AsyncIterable<Uint8Array>;
  /** Another repository of the same registry that holds the blob. */
  readonly mountFrom?: string;
}

const octets = { "content-type": "application/octet-stream" };

/**
 * Brings a blob into a repository: mounted from another one where the registry does that, else in one piece, large
 * ones in chunks; a broken upload goes on where the registry says that it stands.
 * @throws Fault REGISTRY_REFUSED, REGISTRY_UNREACHABLE, REGISTRY_INVALID, and what reading the blob throws
 */
export async function uploadBlob(
  client: RepositoryClient,
  { descriptor, open, mountFrom }: Upload,
): Promise<"copied" | "mounted"> {
  const what = `uploading blob ${descriptor.digest}`;
  let session = await start(client, descriptor, mountFrom, what);
  if (session === undefined) return "mounted";
  const bytes = new Positioned(open);
  try {
    for (let failures = 0; ; ) {
      const before = session.offset;
      const step = await stepOf(client, descriptor, session, bytes, what);
      if (step.at === "done") return "copied";
      if (step.at === "moved") {
        session = step.session;
        if (session.offset > before) failures = 0;
        continue;
      }
      failures += 1;
      if (failures >= client.limits.attempts) throw step.fault;
      await client.wait(failures, step.retryAfter);
      session =
        (await resumed(client, session)) ??
        (await start(client, descriptor, undefined, what)) ??
        session;
    }
  } finally {
    await bytes.close();
  }
}

/** `offset` bytes have arrived; `chunk` is what may be sent at one time. */
interface Session {
  readonly url: URL;
  readonly offset: number;
  readonly chunk: number;
}

type Step =
  | { readonly at: "done" }
  | { readonly at: "moved"; readonly session: Session }
  | { readonly at: "failed"; readonly fault: unknown; readonly retryAfter?: string };

async function start(
  client: RepositoryClient,
  descriptor: Descriptor,
  mountFrom: string | undefined,
  what: string,
): Promise<Session | undefined> {
  if (mountFrom !== undefined) client.mayRead(mountFrom);
  const mount =
    mountFrom === undefined
      ? ""
      : `?${new URLSearchParams({ mount: descriptor.digest, from: mountFrom })}`;
  const answer = await client.request({
    method: "POST",
    at: `blobs/uploads/${mount}`,
    headers: { "content-length": "0" },
  });
  answer.drop();
  if (answer.status === 201 && mountFrom !== undefined) return undefined;
  const isRefused = answer.status >= 400 && answer.status < 500 && answer.status !== 429;
  if (isRefused && mountFrom !== undefined) return start(client, descriptor, undefined, what);
  if (answer.status !== 202) throw await client.refusal(answer, what);
  const least = Number(answer.headers["oci-chunk-min-length"] ?? 0) || 0;
  return { url: locationOf(answer), offset: 0, chunk: Math.max(client.limits.chunk, least) };
}

/** One request: all of a small blob with its digest, a chunk of a large one, or the digest alone at its end. */
async function stepOf(
  client: RepositoryClient,
  { digest, size }: Descriptor,
  session: Session,
  bytes: Positioned,
  what: string,
): Promise<Step> {
  const { url, offset, chunk } = session;
  const isLast = offset === size || (offset === 0 && size <= chunk);
  const length = isLast ? size - offset : Math.min(chunk, size - offset);
  const target = new URL(url);
  if (isLast) target.searchParams.append("digest", digest);
  const range = isLast ? {} : { "content-range": `${offset}-${offset + length - 1}` };
  let answer: HttpAnswer;
  try {
    answer = await client.request({
      method: isLast ? "PUT" : "PATCH",
      at: target,
      headers: { ...octets, ...range, "content-length": String(length) },
      ...(length === 0 ? {} : { body: await bytes.part(offset, length) }),
      isRepeated: false,
    });
  } catch (error) {
    if (!isFault(error, "REGISTRY_UNREACHABLE")) throw error;
    return { at: "failed", fault: error };
  }
  const { status } = answer;
  if (isLast && status === 201) {
    answer.drop();
    return { at: "done" };
  }
  if (!isLast && status === 202) {
    answer.drop();
    return {
      at: "moved",
      session: { ...session, url: locationOf(answer), offset: offset + length },
    };
  }
  const fault = await client.refusal(answer, what);
  const isMended = isPassing(status) || status === 416 || status === 404;
  if (!isMended) throw fault;
  const retryAfter = answer.headers["retry-after"];
  return { at: "failed", fault, ...(retryAfter === undefined ? {} : { retryAfter }) };
}

/** Where the registry says that the upload stands; undefined when it knows nothing of it any more. */
async function resumed(client: RepositoryClient, session: Session): Promise<Session | undefined> {
  const answer = await client.request({ method: "GET", at: session.url });
  answer.drop();
  if (answer.status !== 204) return undefined;
  const match = /^(?:bytes=)?0-([0-9]+)$/.exec(answer.headers.range ?? "");
  const last = match === null ? undefined : Number(match[1]);
  // An empty upload is `0-0` as well as one of a single byte: then it begins anew
  if (last === undefined || last === 0) return undefined;
  const url = answer.headers.location === undefined ? session.url : locationOf(answer);
  return { ...session, url, offset: last + 1 };
}

/** The bytes of a blob from any position; opened again only to go back. */
class Positioned {
  readonly #open: () => AsyncIterable<Uint8Array>;
  #iterator: AsyncIterator<Uint8Array> | undefined;
  #at = 0;
  #rest: Uint8Array = new Uint8Array();
  #inUse: Promise<void> = Promise.resolve();

  constructor(open: () => AsyncIterable<Uint8Array>) {
    this.#open = open;
  }

  /** A part may be abandoned; the next one starts when its last read has come back. */
  async part(offset: number, length: number): Promise<AsyncIterable<Uint8Array>> {
    await this.#inUse;
    if (this.#iterator === undefined || offset !== this.#at) await this.#restart();
    while (this.#at < offset) {
      const skipped = await this.#next(offset - this.#at);
      if (skipped === undefined) throw ended(offset);
    }
    return this.#take(length);
  }

  async close(): Promise<void> {
    await this.#inUse;
    await this.#iterator?.return?.();
    this.#iterator = undefined;
  }

  async *#take(length: number): AsyncGenerator<Uint8Array> {
    for (let left = length; left > 0; ) {
      const chunk = await this.#next(left);
      if (chunk === undefined) throw ended(this.#at);
      left -= chunk.length;
      // The check of digest and size is behind the last byte
      if (left === 0 && this.#rest.length === 0) await this.#settle();
      yield chunk;
    }
  }

  async #settle(): Promise<void> {
    const { value, done } = await this.#read();
    if (done !== true) this.#rest = value;
  }

  async #next(most: number): Promise<Uint8Array | undefined> {
    if (this.#rest.length === 0) {
      const { value, done } = await this.#read();
      if (done === true) return undefined;
      this.#rest = value;
    }
    const chunk = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(chunk.length);
    this.#at += chunk.length;
    return chunk;
  }

  #read(): Promise<IteratorResult<Uint8Array>> {
    const read = (this.#iterator as AsyncIterator<Uint8Array>).next();
    this.#inUse = read.then(
      () => undefined,
      () => undefined,
    );
    return read;
  }

  async #restart(): Promise<void> {
    await this.#iterator?.return?.();
    this.#iterator = this.#open()[Symbol.asyncIterator]();
    this.#at = 0;
    this.#rest = new Uint8Array();
  }
}

function ended(at: number): Fault {
  return new Fault("SIZE_MISMATCH", "a blob to be uploaded", {
    why: "it is shorter than its descriptor says",
    values: { found: at },
  });
}
