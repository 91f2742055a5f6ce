import { Fault, type Place } from "@lithify/fault";

/** Gives an object its new permission bits. */
export type ModeChange = (mode: number, isDirectory: boolean) => number;

/**
 * The value of --chmod: octal digits, or symbolic clauses as chmod(1) has them (`u=rwX,go=rX`, `+x`).
 * @throws Fault DOCKERFILE_INVALID
 */
export function parseChmod(text: string, place: Place): ModeChange {
  if (/^[0-7]{1,4}$/.test(text)) {
    const mode = Number.parseInt(text, 8);
    return () => mode;
  }
  const clauses = text.split(",").map((clause) => parseClause(clause));
  if (clauses.some((clause) => clause === undefined))
    throw new Fault("DOCKERFILE_INVALID", `the value ${JSON.stringify(text)} of --chmod`, {
      why: "it is neither octal digits up to 7777 nor symbolic as in chmod(1)",
      hint: "write for example --chmod=644, or --chmod=u=rwX,go=rX",
      place,
    });
  return (mode, isDirectory) =>
    clauses.reduce((result, clause) => clause?.(result, isDirectory) ?? result, mode);
}

/** Masks of user, group and others: permission bits, set-id or sticky bit, and how far to shift. */
const whoes = {
  u: { bits: 0o700, special: 0o4000, shift: 6 },
  g: { bits: 0o070, special: 0o2000, shift: 3 },
  o: { bits: 0o007, special: 0o1000, shift: 0 },
} as const;

function parseClause(clause: string): ModeChange | undefined {
  const match = /^([ugoa]*)((?:[-+=][rwxXst]*)+)$/.exec(clause);
  if (match === null) return undefined;
  const named = match[1] ?? "";
  const who = named === "" || named.includes("a") ? "ugo" : named;
  const actions = (match[2] ?? "").match(/[-+=][rwxXst]*/g) ?? [];
  return (mode, isDirectory) =>
    actions.reduce((result, action) => applied(result, who, action, isDirectory), mode);
}

function applied(mode: number, who: string, action: string, isDirectory: boolean): number {
  const executable = isDirectory || (mode & 0o111) !== 0;
  const permissions =
    (action.includes("r") ? 4 : 0) |
    (action.includes("w") ? 2 : 0) |
    (action.includes("x") || (action.includes("X") && executable) ? 1 : 0);
  let bits = 0;
  let mask = 0;
  for (const [name, part] of Object.entries(whoes)) {
    if (!who.includes(name)) continue;
    mask |= part.bits | (isDirectory ? 0 : part.special);
    bits |= permissions << part.shift;
    if (action.includes(name === "o" ? "t" : "s")) bits |= part.special;
  }
  if (action.startsWith("+")) return mode | bits;
  if (action.startsWith("-")) return mode & ~bits;
  return (mode & ~mask) | bits;
}
