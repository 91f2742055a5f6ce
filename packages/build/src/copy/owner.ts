import { Fault, type Place, suggestion } from "@lithify/fault";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** Reads a file of the stage as text; undefined when there is none. */
export type ReadText = (path: string) => Promise<string | undefined>;

/**
 * `USER[:GROUP]` of --chown or USER, by name or number. A uid alone is its own gid; a name alone brings
 * the group that /etc/passwd gives it.
 * @throws Fault OWNER_UNKNOWN when the stage's /etc/passwd or /etc/group has no such name
 */
export async function resolveOwner(text: string, read: ReadText, place: Place): Promise<Owner> {
  const [user = "", group] = text.split(":", 2);
  const users = isNumber(user) ? [] : parseColons(await read("etc/passwd"));
  const found = users.find(([name]) => name === user);
  if (!isNumber(user) && found === undefined) throw unknown(user, "/etc/passwd", users, place);
  const uid = Number(isNumber(user) ? user : found?.[2]);
  if (group === undefined || group === "")
    return { uid, gid: isNumber(user) ? uid : Number(found?.[3] ?? 0) };
  if (isNumber(group)) return { uid, gid: Number(group) };
  const groups = parseColons(await read("etc/group"));
  const match = groups.find(([name]) => name === group);
  if (match === undefined) throw unknown(group, "/etc/group", groups, place);
  return { uid, gid: Number(match[2]) };
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text);
}

function parseColons(text: string | undefined): readonly (readonly string[])[] {
  return (text ?? "")
    .split("\n")
    .map((line) => line.trim().split(":"))
    .filter((fields) => fields.length >= 3);
}

function unknown(
  name: string,
  file: string,
  known: readonly (readonly string[])[],
  place: Place,
): Fault {
  const names = known.map(([entry = ""]) => entry);
  const hint = suggestion(name, names) ?? "give the number instead of the name";
  return new Fault("OWNER_UNKNOWN", `the owner ${name}`, {
    why: `${file} of the stage has no such name`,
    hint,
    place,
  });
}
