import { parseGroup, parsePasswd } from "@lithify/oci";
import type { Identity } from "./identity.ts";
import type { Accounts } from "./image-user.ts";

/** A line of passwd or group that is malformed and that an engine could take for the identity's. */
export interface MalformedAccount {
  readonly path: "/etc/passwd" | "/etc/group";
  readonly line: number;
  readonly text: string;
}

/**
 * Malformed lines that name the user of an identity. Engines fill what is missing with zeros (moby/sys/user),
 * where libc passes over the line: who the identity is then depends on who reads.
 */
export function malformedAccounts(
  accounts: Accounts,
  identity: Identity,
): readonly MalformedAccount[] {
  const passwd = parsePasswd(accounts.passwd);
  const written = identity.name.split(/[:+,]/u)[0] ?? "";
  const names = new Set([
    written,
    ...passwd.entries.filter(({ uid }) => uid === identity.uid).map(({ name }) => name),
  ]);
  names.delete("");
  const isNamed = (text: string) => {
    const fields = text.split(":");
    const isUid = /^\d+$/u.test(fields[2] ?? "") && Number(fields[2]) === identity.uid;
    return names.has(fields[0] ?? "") || isUid;
  };
  const lists = (text: string) => text.split(/[:,]/u).some((word) => names.has(word.trim()));
  return [
    ...passwd.malformed
      .filter(({ text }) => isNamed(text))
      .map(({ line, text }) => ({ path: "/etc/passwd" as const, line, text })),
    ...parseGroup(accounts.group)
      .malformed.filter(({ text }) => lists(text))
      .map(({ line, text }) => ({ path: "/etc/group" as const, line, text })),
  ];
}
