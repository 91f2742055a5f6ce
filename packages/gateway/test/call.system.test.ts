import { expect, test } from "vitest";
import { proxyGateway } from "./support/proxy-gateway.ts";

test("a rule that a variable names and that cannot be served fails the message, and the log says why", async () => {
  const objects = `action "sheet"
  type xform
  input "INPUT"
  transform "local:///own.xsl"
  output "OUTPUT"
exit
rule "sealed"
  type request-rule
  action "sheet"
exit
rule "through"
  type request-rule
  action "to-sealed"
exit
action "to-sealed"
  type call
  rule "sealed"
exit
action "which"
  type setvar
  variable "var://context/call/rule"
  value "var://service/URI"
exit
action "named"
  type gatewayscript
  input "INPUT"
  output "NULL"
  gatewayscript-location "local:///named.js"
exit
action "call"
  type call
  input "INPUT"
  rule "var://context/call/rule"
  output "OUTPUT"
exit
`;
  const script = `const sm = require('service-metadata');
sm.setVar('var://context/call/rule', sm.URI.slice(1));`;
  await using bench = await proxyGateway(
    [{ name: "s", backend: "http://127.0.0.1:1", actions: "named call" }],
    objects,
    { "local/d/named.js": script },
  );
  for (const name of ["sealed", "through", "nowhere", ""]) {
    const answer = await fetch(`http://127.0.0.1:${bench.port()}/${name}`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).toContain("Internal Error (from client)");
  }
  const why = String.raw`action "sheet" \(config/d/d\.cfg:\d+\): .*own\.xsl`;
  for (const name of ["sealed", "through"]) {
    expect(bench.log()).toMatch(
      new RegExp(String.raw`\[0x80c00009\].*rule "${name}" cannot be called: ${why}`),
    );
  }
  expect(bench.log()).toContain('there is no rule "nowhere"');
  expect(bench.log()).not.toContain("0x01130006");
});
