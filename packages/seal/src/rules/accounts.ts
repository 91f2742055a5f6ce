import { decide } from "../access/decide.ts";
import type { Hit, Rule, Scan } from "./rule.ts";

/** Route 21: a file that decides who somebody is can be changed. */
export const accounts: Rule = {
  code: "LI-ACCOUNTS",
  title: "a file that decides who somebody is can be changed",
  route: "accounts",
  fix: "Make it root's, 0644 (shadow 0640). An entrypoint that adds its own uid to passwd does not need to.",
  *check(scan) {
    for (const path of accountFiles) {
      yield* changed(scan, path);
      const found = scan.model.tree.resolve(path);
      if (found.answer !== "reached" || found.node.type !== "directory") continue;
      for (const name of scan.model.tree.names(found.node.path)) {
        yield* changed(scan, `${found.node.path}/${name}`);
      }
    }
  },
};

function* changed(scan: Scan, path: string): Iterable<Hit> {
  const { model, view, identity } = scan;
  const found = model.tree.resolve(path);
  if (found.answer !== "reached") return;
  const { node } = found;
  const number = model.numberOf(node.path) ?? 0;
  const isDirectory = node.type === "directory";
  const written = isDirectory ? view.addable(number) : view.writable(number);
  const isOpen = written === "yes";
  if (!isOpen && view.replaceable(number) !== "yes") return;
  const operation = isOpen ? (isDirectory ? "create" : "open-write") : "rename";
  yield {
    path: node.path,
    cause: node.path,
    witness: () => decide(model, identity, operation, node.path).why,
  };
}

const accountFiles = [
  "/etc/doas.conf",
  "/etc/group",
  "/etc/gshadow",
  "/etc/login.defs",
  "/etc/nsswitch.conf",
  "/etc/pam.conf",
  "/etc/pam.d",
  "/etc/passwd",
  "/etc/security",
  "/etc/shadow",
  "/etc/subgid",
  "/etc/subuid",
  "/etc/sudo.conf",
  "/etc/sudoers",
  "/etc/sudoers.d",
];
