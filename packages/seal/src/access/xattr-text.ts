import { type AclEntry, accessAclName, decodeAcl, defaultAclName } from "./acl.ts";
import { decodeFileCapabilities } from "./file-capability.ts";

/**
 * An extended attribute in the words of getfacl and getcap; undefined for one that is neither, or that the kernel would
 * refuse.
 */
export function xattrText(name: string, value: Uint8Array): string | undefined {
  if (name === "security.capability") return capabilityText(value);
  if (name !== accessAclName && name !== defaultAclName) return undefined;
  const acl = decodeAcl(value);
  return acl.answer === "entries" ? acl.entries.map(entryText).join(",") : undefined;
}

const tagTexts: Readonly<Record<AclEntry["tag"], string>> = {
  owner: "user",
  user: "user",
  "owning-group": "group",
  group: "group",
  mask: "mask",
  other: "other",
};

function entryText({ tag, id, permissions }: AclEntry): string {
  const letters = ["r", "w", "x"].map((letter, at) =>
    (permissions >> (2 - at)) & 1 ? letter : "-",
  );
  return `${tagTexts[tag]}:${id ?? ""}:${letters.join("")}`;
}

/** `cap_chown,cap_kill=ep`, as getcap(8) has it. */
function capabilityText(value: Uint8Array): string | undefined {
  const decoded = decodeFileCapabilities(value);
  if (decoded.answer === "malformed") return undefined;
  const { permitted, inheritable, effective, rootUid } = decoded.value;
  const flags = (name: string) =>
    (effective ? "e" : "") +
    (inheritable.includes(name) ? "i" : "") +
    (permitted.includes(name) ? "p" : "");
  const byFlags = new Map<string, string[]>();
  for (const name of [...new Set([...permitted, ...inheritable])]) {
    const key = flags(name);
    byFlags.set(key, [...(byFlags.get(key) ?? []), name.toLowerCase()]);
  }
  const text = [...byFlags].map(([key, names]) => `${names.join(",")}=${key}`).join(" ");
  return rootUid === 0 ? text : `${text} [rootid=${rootUid}]`;
}
