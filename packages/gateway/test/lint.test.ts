import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfiguration, loadConfigurationFile } from "../src/config/load.ts";
import { lintConfiguration, lintRules } from "../src/lint.ts";
import { treeOf } from "./support/tree.ts";

const example = join(import.meta.dirname, "../../../examples/echo-gateway/src");

test("the example: nothing but its password; what serves is served, the boilerplate is tolerated", () => {
  const { findings, objects, servable } = lintConfiguration(loadConfiguration(example));
  expect(findings.map(({ rule }) => rule)).toEqual(["GW-PASSWORD-DEFAULT"]);
  expect(servable).toBe(true);
  const answers = new Map(objects.map(({ object, answer }) => [object, answer]));
  expect(answers.get('mpgw "echo"')).toBe("served");
  expect(answers.get('action "echo_gatewayscript"')).toBe("served");
  expect(answers.get('slm-action "notify"')).toBe("tolerated");
  expect(answers.get('wsm-agent "wsm-agent"')).toBe("disabled");
  expect(answers.get('user "admin"')).toBe("served");
});

test("what keeps a service down is unsupported; unknown properties elsewhere are warnings", () => {
  using tree = treeOf({
    "config/auto-startup.cfg": 'domain "d"\nexit\n',
    "config/d/d.cfg": `urlmap "u"
  match "*"
  mtach "x"
exit
mpgw "m"
  front-protocol f
  type static-from-wsdl
exit
source-https "f"
  port 8443
exit
stylepolicy "default"
exit
`,
  });
  const { findings, objects, servable } = lintConfiguration(loadConfiguration(tree.root));
  expect(servable).toBe(false);
  expect(findings.map(({ severity, origin, message }) => [severity, origin.line, message])).toEqual(
    [
      ["error", 7, "type static-from-wsdl is not served"],
      ["error", 9, "it has no ssl-server"],
      ["warning", 3, 'property "mtach" is not known for urlmap'],
    ],
  );
  const answers = new Map(objects.map(({ object, answer }) => [object, answer]));
  expect(answers.get('source-https "f"')).toBe("unsupported");
  expect(answers.get('mpgw "m"')).toBe("unsupported");
});

test("a port that two domains want is an error, and the second service is not served", () => {
  const service = (name: string, address: string): string => `action "skip"
  type setvar
  variable "var://service/mpgw/skip-backside"
  value "1"
exit
rule "r"
  type request-rule
  action skip
exit
matching "all"
  urlmatch "*"
exit
stylepolicy "p"
  match all r
exit
source-http "h"
  local-address ${address}
  port 8080
exit
mpgw "${name}"
  front-protocol h
  stylepolicy p
  type dynamic-backend
  request-type preprocessed
exit
`;
  using tree = treeOf({
    "config/auto-startup.cfg": 'domain "a"\nexit\ndomain "b"\nexit\ndomain "c"\nexit\n',
    "config/a/a.cfg": service("one", "127.0.0.1"),
    "config/b/b.cfg": service("two", "127.0.0.2"),
    "config/c/c.cfg": service("three", "0.0.0.0"),
  });
  const { findings, objects, servable } = lintConfiguration(loadConfiguration(tree.root));
  const errors = findings.filter(({ severity }) => severity === "error");
  expect(errors.map(({ rule, origin, message }) => [rule, origin.file, message])).toEqual([
    ["GW-PORT", "config/c/c.cfg", 'port 8080 is that of source-http "h" of the domain a already'],
  ]);
  expect(servable).toBe(false);
  const answer = objects.find(({ domain, kind }) => domain === "c" && /^HTTPSource/.test(kind));
  expect(answer?.answer).toBe("unsupported");
});

test("scripts and modules that are not there, and rules that scripts call by name", () => {
  const action = (name: string, file: string): string =>
    `action "${name}"\n  type gatewayscript\n  gatewayscript-location "local:///${file}"\nexit\n`;
  const rule = (name: string, ...actions: string[]): string =>
    `rule "${name}"\n  type rule\n${actions.map((each) => `  action "${each}"\n`).join("")}exit\n`;
  const files = (call: string): Record<string, string> => ({
    "config/auto-startup.cfg": 'domain "d"\nexit\n',
    "config/d/d.cfg": `${action("here", "main.js")}${action("away", "none.js")}${rule("main", "here", "away")}${rule("called", "here")}${rule("other", "here")}matching "all"
  urlmatch "*"
exit
stylepolicy "p"
  match "all" "main"
exit
mpgw "m"
  stylepolicy "p"
exit
`,
    "local/d/main.js": `require('util');\nrequire('./lib');\nrequire('lib/none.js');\n${call}`,
    "local/d/lib.js": "exports.x = require('service-metadata');\nrequire('local:///away.json');\n",
  });
  const found = (call: string): string[] => {
    using tree = treeOf(files(call));
    return lintConfiguration(loadConfiguration(tree.root))
      .findings.filter(({ rule: code }) => /SCRIPT-MISSING|UNUSED/.test(code))
      .map(({ origin, message, object }) => `${origin.file}:${origin.line} ${object}: ${message}`);
  };
  expect(found("require('multistep').callRule('called', 'a', 'b', f)")).toEqual([
    'local/d/main.js:3 action "here": the module lib/none.js does not exist',
    'local/d/lib.js:2 action "here": the module local:///away.json does not exist',
    'config/d/d.cfg:7 action "away": the script local:///none.js does not exist',
    'config/d/d.cfg:18 rule "other": nothing that is enabled uses it',
  ]);
  expect(found("require('multistep').callRule(name, 'a', 'b', f)").join("")).not.toContain(
    "uses it",
  );
});

/** A file per case; a comment `# GW-CODE …` at its head names the rules that find something. */
const cases = join(import.meta.dirname, "cases/lint");

test.each(readdirSync(cases).filter((each) => each.endsWith(".cfg")))("%s", async (name) => {
  const { findings } = lintConfiguration(loadConfigurationFile(join(cases, name)));
  const lines = findings
    .filter(({ rule }) => rule !== "GW-UNSERVED")
    .map(({ rule, severity, origin, object, message }) => {
      return `${origin.line}:${origin.column} ${severity} ${rule} ${object ?? ""}: ${message}`;
    });
  await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(
    join(cases, name.replace(".cfg", ".txt")),
  );
  const said = /^# (.*)$/m.exec(readFileSync(join(cases, name), "utf8"))?.[1]?.split(" ") ?? [];
  expect([...new Set(findings.map(({ rule }) => rule))]).toEqual(expect.arrayContaining(said));
});

test("every rule has a section of the page and a case, and the other way round", () => {
  const page = readFileSync(join(import.meta.dirname, "../../../docs/gateway-rules.md"), "utf8");
  const sections = [...page.matchAll(/^## (GW-[A-Z-]+)$/gm)].map(([, code]) => code!);
  const fixed = [
    "GW-PORT",
    "GW-UNREADABLE",
    "GW-STATEMENT",
    "GW-UNSERVED",
    "GW-SCRIPT-LEVEL",
    "GW-SCRIPT-MISSING",
  ];
  expect([...sections].sort()).toEqual([...lintRules.map(({ code }) => code), ...fixed].sort());
  const shown = readdirSync(cases).map((name) => readFileSync(join(cases, name), "utf8"));
  for (const { code } of lintRules) expect(shown.join(""), code).toContain(code);
});
