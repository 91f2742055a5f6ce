import { expect, test } from "vitest";
import { serveGateway } from "../src/serve/serve-gateway.ts";
import { treeOf } from "./support/tree.ts";

const xsd = (content: string): string =>
  `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">${content}</xs:schema>`;

/** Schemas that are there and cannot be used, and what the health says of them. */
const broken: readonly (readonly [name: string, text: string, why: string])[] = [
  ["a.xsd", "<a/>", "is not a schema document"],
  ["b.xsd", "no markup", "Start tag expected"],
  ["c.xsd", xsd('<xs:element name="a" type="gone"/>'), "does not resolve"],
  ["d.xsd", xsd('<xs:include schemaLocation="gone.xsd"/>'), "local:///gone.xsd does not exist"],
  [
    "e.xsd",
    xsd('<xs:import namespace="urn:f" schemaLocation="http://127.0.0.1:9/f.xsd"/>'),
    "127.0.0.1:9",
  ],
  ["f.xsd", '<!DOCTYPE a [<!ENTITY b "c">]><a/>', "internal subset"],
  ["g.json", "{", "JSON"],
  ["h.json", '{"type":"nothing"}', "schema is invalid"],
  ["i.json", '{"$ref":"gone.json"}', "local:///gone.json does not exist"],
];

test.each(broken)("%s keeps its service down", async (name, text, why) => {
  const property = name.endsWith(".json") ? "json-schema-url" : "schema-url";
  using tree = treeOf({
    "config/auto-startup.cfg": 'domain "d"\n  visible-domain default\nexit\n',
    [`local/d/${name}`]: text,
    "config/d/d.cfg": `action "check"
  reset
  type validate
  input "INPUT"
  ${property} "local:///${name}"
exit
rule "r"
  reset
  type request-rule
    action "check"
exit
matching "all"
  urlmatch "*"
exit
stylepolicy "p"
  reset
  match "all" "r"
exit
source-http "front"
  port 8080
exit
mpgw "service"
  front-protocol front
  stylepolicy p
  type dynamic-backend
  request-type preprocessed
  response-type preprocessed
exit
`,
  });
  const gateway = await serveGateway({ root: tree.root, log: () => {}, portFor: () => 0 });
  const { ready, services } = gateway.health();
  await gateway.close();
  expect({ ready, ports: gateway.ports }).toEqual({ ready: false, ports: [] });
  expect(services.map(({ reasons }) => reasons)).toEqual([
    [expect.stringMatching(/^action "check" \(config\/d\/d\.cfg:1\): /)],
  ]);
  expect(services[0]?.reasons[0]).toContain(why);
});
