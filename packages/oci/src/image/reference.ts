import { Fault } from "@lithify/fault";
import { type Digest, isDigest } from "../blob/digest.ts";

/** What names an image in a store: a name with its tag, a name with a digest, or a digest alone. */
export type Reference =
  | { readonly by: "tag"; readonly name: string; readonly tag: string }
  | { readonly by: "digest"; readonly name?: string; readonly digest: Digest };

/** Distribution specification, "Pulling manifests", with an optional host and port in front as Docker has it. */
const host = /^[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?$/;
const component = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagForm = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const nameLimit = 255;

/**
 * `NAME`, `NAME:TAG` (tag `latest` when left out), `NAME@sha256:…` or `sha256:…`.
 * @throws Fault REFERENCE_INVALID
 */
export function parseReference(text: string): Reference {
  if (text.startsWith("sha256:")) {
    if (!isDigest(text)) throw invalid(text, "a digest has 64 hexadecimal digits");
    return { by: "digest", digest: text };
  }
  const at = text.indexOf("@");
  if (at !== -1) {
    const digest = text.slice(at + 1);
    if (!isDigest(digest)) throw invalid(text, "what follows @ is not a digest");
    const { name } = namedAndTagged(text.slice(0, at));
    checkName(name, text);
    return { by: "digest", name, digest };
  }
  const { name, tag = "latest" } = namedAndTagged(text);
  checkName(name, text);
  if (!tagForm.test(tag)) throw invalid(text, "the tag has characters that a tag cannot have");
  return { by: "tag", name, tag };
}

/** The reference as it is printed and stored: `NAME:TAG`, `NAME@sha256:…` or `sha256:…`. */
export function referenceText(reference: Reference): string {
  if (reference.by === "tag") return `${reference.name}:${reference.tag}`;
  return reference.name === undefined ? reference.digest : `${reference.name}@${reference.digest}`;
}

/** A colon before the last slash belongs to a port. */
function namedAndTagged(text: string): { readonly name: string; readonly tag?: string } {
  const colon = text.lastIndexOf(":");
  if (colon === -1 || colon < text.lastIndexOf("/")) return { name: text };
  return { name: text.slice(0, colon), tag: text.slice(colon + 1) };
}

function checkName(name: string, text: string): void {
  if (name.length > nameLimit) throw invalid(text, `the name has over ${nameLimit} characters`);
  const [first = "", ...rest] = name.split("/");
  const isHost = rest.length > 0 && host.test(first);
  const wrong = (isHost ? rest : [first, ...rest]).find((part) => !component.test(part));
  if (wrong === undefined) return;
  const why =
    wrong === ""
      ? "a part of the name is empty"
      : /[A-Z]/.test(wrong)
        ? "a name has no capital letters"
        : "a name has lower-case letters, digits, and single . _ - between them";
  throw invalid(text, why);
}

function invalid(text: string, why: string): Fault {
  return new Fault("REFERENCE_INVALID", "the name of an image", {
    why,
    values: { reference: text.slice(0, 300) },
  });
}
