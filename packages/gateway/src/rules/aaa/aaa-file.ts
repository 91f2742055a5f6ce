import { readFile, stat } from "node:fs/promises";
import { patternFromPcre } from "../../plan/pcre.ts";
import { wildcard } from "../../plan/wildcard.ts";
import { loadXmlLibrary } from "../../xml/library.ts";
import { defaultXmlLimits } from "../../xml/limits.ts";
import { parseXml, type XmlTree } from "../../xml/parse.ts";
import { XPath } from "../../xml/xpath.ts";

/** A file of users, their credentials and what these may do. */
export interface AaaFile {
  readonly users: readonly {
    readonly username: string;
    readonly password: string;
    readonly credential: string;
  }[];
  readonly mappings: readonly { readonly from: Test; readonly to: string }[];
  readonly rights: readonly {
    readonly credential: Test;
    readonly resource: Test;
    readonly allows: boolean;
  }[];
}

type Test = (text: string) => boolean;

/** Largest file of users, in bytes. */
const largestFile = 4 * 1024 * 1024;

const namespace = "http://www.datapower.com/AAAInfo";
const kept = new Map<string, { readonly stamp: string; readonly content: AaaFile }>();

/**
 * The content of an AAA file; read anew when the file has changed. Throws when it is not there, is
 * no AAA file, or holds an entry that cannot be evaluated: then nobody is let in.
 */
export async function readAaaFile(file: string): Promise<AaaFile> {
  const { mtimeMs, size, ino } = await stat(file);
  const stamp = `${mtimeMs} ${size} ${ino}`;
  const known = kept.get(file);
  if (known?.stamp === stamp) return known.content;
  if (size > largestFile) throw new RangeError("it is larger than 4 MiB");
  const bytes = await readFile(file);
  await loadXmlLibrary();
  using tree = parseXml(bytes, defaultXmlLimits);
  const content = contentOf(tree);
  kept.set(file, { stamp, content });
  return content;
}

function contentOf(tree: XmlTree): AaaFile {
  if (entriesOf(tree, "/a:AAAInfo").length !== 1) throw new Error("it is no AAAInfo document");
  const users = entriesOf(tree, "/a:AAAInfo/a:Authenticate");
  const mappings = entriesOf(tree, "/a:AAAInfo/a:MapCredentials");
  const rights = entriesOf(tree, "/a:AAAInfo/a:Authorize");
  return {
    users: users
      // other entries are for other ways to say who one is
      .filter((entry) => entry.has("Username") && entry.has("Password") && entry.size === 3)
      .map((entry) => ({
        username: entry.get("Username")!,
        password: entry.get("Password")!,
        credential: entry.get("OutputCredential") ?? "",
      })),
    mappings: mappings.map((entry) => ({
      from: testOf(entry.get("InputCredential") ?? ""),
      to: entry.get("OutputCredential") ?? "",
    })),
    rights: rights.map((entry) => ({
      credential: testOf(entry.get("InputCredential") ?? ""),
      resource: testOf(entry.get("InputResource") ?? ""),
      allows: entry.get("Access") === "allow",
    })),
  };
}

/** The children of each element that `path` leads to: local name → text. */
function entriesOf(tree: XmlTree, path: string): ReadonlyMap<string, string>[] {
  using elements = new XPath(path, { namespaces: { a: namespace } });
  using children = new XPath("a:*", { namespaces: { a: namespace } });
  const found = elements.evaluate(tree);
  if (found.type !== "nodes") return [];
  return found.nodes.map((node) => {
    const inside = children.evaluate(tree, undefined, node);
    const entry = new Map<string, string>();
    for (const child of inside.type === "nodes" ? inside.nodes : []) {
      entry.set("name" in child ? String(child.name) : "", child.content.trim());
    }
    return entry;
  });
}

/**
 * A text as it is, a shell wildcard, or, where it has what only those have, a Perl pattern; each
 * over the whole text. Which of them the product takes was not verified.
 */
function testOf(text: string): Test {
  if (!/\.\*|\.\+|[\^$()|\\+]/.test(text)) return wildcard(text);
  const pattern = patternFromPcre(`^(?:${text})$`);
  return (value) => pattern.test(value);
}
