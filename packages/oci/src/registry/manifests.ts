import { Fault } from "@lithify/fault";
import { type Digest, digestOf, isDigest } from "../blob/digest.ts";
import { type Descriptor, mediaTypes } from "../image/manifest.ts";
import {
  documentLimit,
  indexMediaTypes,
  manifestMediaTypes,
  parseIndex,
} from "../image/manifest-parse.ts";
import type { RepositoryClient } from "./client.ts";
import { invalidAnswer } from "./http.ts";

const accept = [...manifestMediaTypes, ...indexMediaTypes].join(", ");

export interface FetchedManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Buffer;
}

/**
 * A manifest or index by tag or digest; undefined when there is none. Asked for by digest, it has that digest.
 * @throws Fault DIGEST_MISMATCH, LIMIT_EXCEEDED, REGISTRY_INVALID, REGISTRY_REFUSED
 */
export async function fetchManifest(
  client: RepositoryClient,
  reference: string,
): Promise<FetchedManifest | undefined> {
  const bytes = await fetchWhole(client, `manifests/${reference}`);
  if (bytes === undefined) return undefined;
  const digest = digestOf(bytes.body);
  const stated = isDigest(reference) ? reference : bytes.digest;
  if (stated !== undefined && stated !== digest) {
    throw new Fault("DIGEST_MISMATCH", `manifest ${reference}`, {
      why: "the registry gave other bytes",
      values: { registry: client.address.host, wanted: stated, actual: digest },
    });
  }
  const mediaType = mediaTypeOf(bytes.body, bytes.type);
  if (mediaType === undefined) {
    throw new Fault("REGISTRY_INVALID", `manifest ${reference}`, {
      why: "it is of a type that was not asked for",
      values: { mediaType: bytes.type.slice(0, 100) },
    });
  }
  return { descriptor: { mediaType, digest, size: bytes.body.length }, bytes: bytes.body };
}

/** Puts a manifest by tag or digest. True when the registry keeps track of its subject by itself. */
export async function putManifest(
  client: RepositoryClient,
  reference: string,
  mediaType: string,
  bytes: Uint8Array,
): Promise<boolean> {
  const headers = { "content-type": mediaType, "content-length": String(bytes.length) };
  const answer = await client.request({
    method: "PUT",
    at: `manifests/${reference}`,
    headers,
    body: bytes,
  });
  if (answer.status !== 201) throw await client.refusal(answer, `storing manifest ${reference}`);
  answer.drop();
  const stated = answer.headers["docker-content-digest"];
  if (stated !== undefined && stated !== digestOf(bytes)) {
    throw invalidAnswer(answer.url, "it stored the manifest under another digest");
  }
  return answer.headers["oci-subject"] !== undefined;
}

/** Everything attached to a manifest: the referrers API with its pages, else the tag that stands in for it. */
export async function fetchReferrers(
  client: RepositoryClient,
  subject: Digest,
): Promise<readonly Descriptor[]> {
  const found: Descriptor[] = [];
  let at: string | URL | undefined = `referrers/${subject}`;
  for (let page = 0; at !== undefined; page += 1) {
    if (page === client.limits.pages) {
      throw new Fault("LIMIT_EXCEEDED", `the referrers of ${subject}`, { values: { pages: page } });
    }
    const answer = await client.request({ method: "GET", at });
    if (page === 0 && [400, 404, 405, 501].includes(answer.status)) {
      answer.drop();
      return fallbackReferrers(client, subject);
    }
    if (answer.status !== 200) throw await client.refusal(answer, `the referrers of ${subject}`);
    const isIndex = (answer.headers["content-type"] ?? "").startsWith(mediaTypes.index);
    if (page === 0 && !isIndex) {
      answer.drop();
      return fallbackReferrers(client, subject);
    }
    found.push(...parseIndex(await answer.bytes(documentLimit), `the referrers of ${subject}`));
    at = nextPage(answer.headers.link, answer.url);
  }
  return found;
}

/**
 * Adds a manifest to the list of its subject where the registry does not do it: the tag `sha256-HEX`
 * (distribution specification 1.1, "Pushing Manifests with Subject").
 */
export async function addFallbackReferrer(
  client: RepositoryClient,
  subject: Digest,
  descriptor: Descriptor,
): Promise<void> {
  const before = await fallbackReferrers(client, subject);
  if (before.some(({ digest }) => digest === descriptor.digest)) return;
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [...before, descriptor],
  };
  await putManifest(client, tagOf(subject), mediaTypes.index, Buffer.from(JSON.stringify(index)));
}

async function fallbackReferrers(
  client: RepositoryClient,
  subject: Digest,
): Promise<readonly Descriptor[]> {
  const found = await fetchManifest(client, tagOf(subject));
  if (found === undefined || !indexMediaTypes.includes(found.descriptor.mediaType)) return [];
  return parseIndex(found.bytes, `the referrers of ${subject}`);
}

async function fetchWhole(client: RepositoryClient, at: string) {
  const answer = await client.request({ method: "GET", at, headers: { accept } });
  if (answer.status === 404) {
    answer.drop();
    return undefined;
  }
  if (answer.status !== 200) throw await client.refusal(answer, at);
  const stated = answer.headers["docker-content-digest"];
  return {
    body: await answer.bytes(documentLimit),
    type: (answer.headers["content-type"] ?? "").split(";")[0]?.trim() ?? "",
    digest: typeof stated === "string" && isDigest(stated) ? stated : undefined,
  };
}

/** The manifest's own word counts before the header; an OCI one need not have it. */
function mediaTypeOf(bytes: Buffer, header: string): string | undefined {
  const known = [...manifestMediaTypes, ...indexMediaTypes];
  try {
    const fields = JSON.parse(bytes.toString("utf8")) as { mediaType?: unknown } | null;
    const stated = fields?.mediaType ?? header;
    return known.find((type) => type === stated);
  } catch {
    return undefined;
  }
}

function nextPage(link: string | string[] | undefined, base: URL): URL | undefined {
  const text = Array.isArray(link) ? link.join(",") : (link ?? "");
  const match = /<([^>]*)>\s*;[^,]*\brel="?next"?/i.exec(text);
  if (match === null || !URL.canParse(match[1] ?? "", base.href)) return undefined;
  return new URL(match[1] ?? "", base.href);
}

function tagOf(digest: Digest): string {
  return digest.replace(":", "-");
}
