import type { Tree, TreeNode } from "@lithify/oci";
import type { Finding } from "../access/finding.ts";
import type { Policy } from "../policy/policy.ts";
import { isWithin, resolvePolicy } from "../policy/resolve.ts";
import { escaped } from "./escaped.ts";

/** Objects of a tree that the page shows, and entries of one directory; the rest is counted. */
const shownObjects = 3000;
const shownEntries = 60;

/** The image's tree, folded, with what the policy wants of each object and what the audit found there. */
export function treeSection(tree: Tree, policy: Policy, findings: readonly Finding[]): string {
  const found = new Set(findings.flatMap(({ path, alsoPaths = [] }) => [path, ...alsoPaths]));
  const resolved = resolvePolicy(policy, tree).policy;
  const page: Page = {
    tree,
    policy: resolved,
    found,
    open: waysTo([...found, ...resolved.trees.map((top) => top.path)]),
    left: shownObjects,
  };
  const list = listOf(page, "/", 0);
  const cut =
    page.left > 0 ? "" : `<p>The tree is cut: the first ${shownObjects} objects are shown.</p>`;
  return `<section class="tree"><h2>The image's tree</h2>
<p>Unfolded on the way to findings and to trees with exact modes. At most ${shownEntries} entries of a directory and six levels are shown.</p>${cut}
${list}</section>`;
}

interface Page {
  readonly tree: Tree;
  readonly policy: Policy;
  readonly found: ReadonlySet<string>;
  /** Directories that are unfolded: those on the way to a finding or to a tree with exact modes. */
  readonly open: ReadonlySet<string>;
  left: number;
}

/** Ways that are unfolded at most: a page with everything unfolded shows nothing. */
const unfolded = 40;

function waysTo(paths: readonly string[]): ReadonlySet<string> {
  const ways = new Set<string>();
  for (const path of paths) {
    if (ways.size > unfolded) break;
    for (let at = path.indexOf("/", 1); at !== -1; at = path.indexOf("/", at + 1)) {
      ways.add(path.slice(0, at));
    }
  }
  return ways;
}

function listOf(page: Page, directory: string, depth: number): string {
  const names = [...page.tree.names(directory)];
  const rows: string[] = [];
  for (const name of names.slice(0, shownEntries)) {
    if (page.left === 0) break;
    page.left -= 1;
    rows.push(rowOf(page, directory === "/" ? `/${name}` : `${directory}/${name}`, name, depth));
  }
  const rest = names.length - rows.length;
  if (rest > 0) rows.push(`<li><small>… and ${rest} more</small></li>`);
  return `<ul>${rows.join("\n")}</ul>`;
}

function rowOf(page: Page, path: string, name: string, depth: number): string {
  const node = page.tree.at(path);
  if (node === undefined) return "";
  const mark = page.found.has(path) ? ' <b class="bad">changeable</b>' : "";
  const head = `<code>${escaped(name)}</code> <small>${escaped(stateOf(page.policy, node))}</small>${mark}`;
  if (node.type !== "directory") return `<li>${head}</li>`;
  const inner =
    depth < 5 ? listOf(page, path, depth + 1) : "<p><small>deeper levels are not shown</small></p>";
  return `<li><details${page.open.has(path) ? " open" : ""}><summary>${head}</summary>${inner}</details></li>`;
}

function stateOf(policy: Policy, node: TreeNode): string {
  const mode = node.mode.toString(8).padStart(4, "0");
  const who = `${node.type} ${mode} ${node.uid}:${node.gid}`;
  const writable = policy.writable.find((top) => isWithin(node.path, top));
  if (writable !== undefined) return `${who}; policy: writable (${writable})`;
  const exact = policy.trees.find((top) => isWithin(node.path, top.path));
  if (exact !== undefined) return `${who}; policy: protected, exact modes (${exact.path})`;
  return `${who}; policy: protected`;
}
