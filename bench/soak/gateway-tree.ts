import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Ports of the soak: what the gateway listens on, and the members of its group. */
export interface SoakPorts {
  readonly echo: number;
  readonly proxy: number;
  readonly backends: readonly number[];
}

/** A tree with the echo service and one that passes requests on to a load balancer group. */
export function writeSoakTree(root: string, ports: SoakPorts): void {
  mkdirSync(join(root, "config"), { recursive: true });
  mkdirSync(join(root, "local"), { recursive: true });
  mkdirSync(join(root, "temporary"), { recursive: true });
  writeFileSync(join(root, "config/auto-startup.cfg"), configuration(ports));
  writeFileSync(join(root, "local/echo.js"), script);
}

const script = `const sm = require("service-metadata");
session.output.write({
  method: sm.getVar("var://service/protocol-method"),
  uri: sm.getVar("var://service/URI"),
});
`;

function configuration({ echo, proxy, backends }: SoakPorts): string {
  const members = backends.map((port) => `  server "127.0.0.1" 1 ${port} enabled`).join("\n");
  return `top; configure terminal;

loadbalancer-group "members"
  algorithm round-robin
  damp 2
${members}
exit

xml-manager "with-group"
  loadbalancer-group members
exit

action "script"
  type gatewayscript
  input "INPUT"
  output "made"
  gatewayscript-location "local:///echo.js"
exit

action "skip"
  type setvar
  variable "var://service/mpgw/skip-backside"
  value "1"
exit

action "answer"
  type results
  input "made"
  output "OUTPUT"
exit

action "pass"
  type results
  input "INPUT"
  output "OUTPUT"
exit

rule "echo"
  type request-rule
  action "script"
  action "skip"
  action "answer"
exit

rule "through"
  type request-rule
  action "pass"
exit

matching "all"
  urlmatch "*"
exit

stylepolicy "echo"
  match "all" "echo"
exit

stylepolicy "through"
  match "all" "through"
exit

source-http "echo"
  local-address 127.0.0.1
  port ${echo}
  allowed-features "HTTP-1.0+HTTP-1.1+POST+GET+PUT+HEAD+QueryString+FragmentIdentifiers"
exit

source-http "proxy"
  local-address 127.0.0.1
  port ${proxy}
  allowed-features "HTTP-1.0+HTTP-1.1+POST+GET+PUT+HEAD+QueryString+FragmentIdentifiers"
exit

mpgw "echo"
  front-protocol echo
  stylepolicy echo
  type dynamic-backend
  request-type preprocessed
  response-type preprocessed
exit

mpgw "proxy"
  front-protocol proxy
  stylepolicy through
  xml-manager with-group
  type static-backend
  request-type preprocessed
  response-type preprocessed
  backend-url "http://members:80/"
exit
`;
}
