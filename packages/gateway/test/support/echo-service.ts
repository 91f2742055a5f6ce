/** An mpgw that answers every request itself, through `main.js` of its domain, on these handlers. */
export function echoService(handlers: readonly string[], more = ""): string {
  return `action "script"
  type gatewayscript
  input "INPUT"
  gatewayscript-location "local:///main.js"
  output "OUTPUT"
exit
action "skip"
  type setvar
  variable "var://service/mpgw/skip-backside"
  value "1"
exit
rule "rule"
  type request-rule
  action "script"
  action "skip"
exit
matching "all"
  urlmatch "*"
exit
stylepolicy "policy"
  match "all" "rule"
exit
mpgw "service"
${handlers.map((name) => `  front-protocol ${name}\n`).join("")}  stylepolicy policy
  type dynamic-backend
  request-type preprocessed
  response-type preprocessed
${more}exit
`;
}

/** Answers with method, URI and protocol as the rule sees them. */
export const echoScript = `const sm = require("service-metadata");
session.output.write({
  method: sm.getVar("var://service/protocol-method"),
  uri: sm.getVar("var://service/URI"),
  protocol: sm.getVar("var://service/protocol"),
});
`;
