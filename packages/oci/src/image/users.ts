/** One line of /etc/passwd (passwd(5)). */
export interface PasswdEntry {
  readonly line: number;
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** One line of /etc/group (group(5)). */
export interface GroupEntry {
  readonly line: number;
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

export interface MalformedLine {
  readonly line: number;
  readonly text: string;
  readonly why: string;
}

interface Parsed<Entry> {
  readonly entries: readonly Entry[];
  /** Lines that engines skip or read otherwise: reported, never thrown. */
  readonly malformed: readonly MalformedLine[];
}

/** The entries of /etc/passwd in their order; lines count from 1. */
export function parsePasswd(text: string): Parsed<PasswdEntry> {
  return parseLines(text, (fields, line) => {
    const [name = "", , uid = "", gid = "", , home = "", shell = ""] = fields;
    if (fields.length < 7) return "it has not seven fields";
    if (name === "") return "the name is empty";
    if (!isId(uid) || !isId(gid)) return "uid or gid is not a number";
    return { line, name, uid: Number(uid), gid: Number(gid), home, shell };
  });
}

/** The entries of /etc/group in their order; lines count from 1. */
export function parseGroup(text: string): Parsed<GroupEntry> {
  return parseLines(text, (fields, line) => {
    const [name = "", , gid = "", members = ""] = fields;
    if (fields.length < 4) return "it has not four fields";
    if (name === "") return "the name is empty";
    if (!isId(gid)) return "the gid is not a number";
    const list = members.split(",").filter((member) => member !== "");
    return { line, name, gid: Number(gid), members: list };
  });
}

function parseLines<Entry extends object>(
  text: string,
  parse: (fields: readonly string[], line: number) => Entry | string,
): Parsed<Entry> {
  const entries: Entry[] = [];
  const malformed: MalformedLine[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.replace(/\r$/, "");
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const result = parse(line.split(":"), index + 1);
    if (typeof result === "string") malformed.push({ line: index + 1, text: line, why: result });
    else entries.push(result);
  }
  return { entries, malformed };
}

/** 0 to 2^32 - 2; the largest number means "no change" to chown(2). */
function isId(text: string): boolean {
  return /^[0-9]{1,10}$/.test(text) && Number(text) < 0xffff_ffff;
}
