/** A service variable: its name below `var://service/`, whether policies may write it, its type. */
export interface ServiceVariable {
  readonly name: string;
  readonly access: "read" | "write" | "both";
  readonly dataType: "string" | "number" | "boolean";
}

const prefix = "var://service/";

/** The service variables that this gateway keeps, the most used ones first. */
export const serviceVariables: readonly ServiceVariable[] = [
  both("URI"),
  write("mpgw/skip-backside", "boolean"),
  both("protocol-method"),
  write("routing-url"),
  read("domain-name"),
  both("error-message"),
  both("error-code"),
  both("error-subcode"),
  read("transaction-id", "number"),
  both("mpgw/backend-timeout", "number"),
  read("client-service-address"),
  read("original-content-type"),
  read("processor-name"),
  read("URL-in"),
  read("URL-out"),
  read("transaction-client"),
  write("routing-url-sslprofile"),
  both("error-protocol-response"),
  both("error-protocol-reason-phrase"),
  read("local-service-address"),
  read("protocol"),
  read("system/ident"),
  read("time-started", "number"),
  read("time-forwarded", "number"),
  read("time-response-complete", "number"),
  read("time-elapsed", "number"),
  read("memory-used", "number"),
  read("error-headers"),
  read("formatted-error-message"),
  both("error-ignore", "number"),
  both("strict-error-mode", "boolean"),
  both("soap-fault-response", "boolean"),
  read("xmlmgr-name"),
  read("default-stylesheet"),
  read("processor-type"),
  both("max-call-depth", "number"),
  both("max-action-depth", "number"),
  read("lb/group"),
  read("lb/member"),
  read("global-transaction-id"),
  read("transaction-rule-name"),
  read("transaction-rule-type"),
  read("transaction-policy-name"),
  read("current-call-depth", "number"),
  read("input-size", "number"),
  write("routing-url-delay-content-type-determination", "boolean"),
  read("persistent-connection-counter", "number"),
  both("connection/note"),
  read("mpgw/request-size", "number"),
  read("mpgw/response-size", "number"),
  both("mpgw/proxy-http-response", "boolean"),
  read("original-response-content-type"),
  read("multistep/input-context-name"),
  read("multistep/output-context-name"),
  read("multistep/loop-iterator"),
  read("multistep/loop-count", "number"),
  read("multistep/contexts"),
  both("qos/priority"),
  both("log/soapversion"),
  both("rewrite-errors", "boolean"),
  both("preserve-mime-encapsulation", "boolean"),
];

const byUrl = new Map(serviceVariables.map((variable) => [`${prefix}${variable.name}`, variable]));

/** The service variable with this URL: found without taking the URL apart, which costs more. */
export function serviceVariable(url: string): ServiceVariable | undefined {
  return byUrl.get(url);
}

/** Variables that put a header on the request or on the answer: the name of the header is theirs. */
export function headerVariable(
  name: string,
):
  | { readonly side: "request" | "response"; readonly append: boolean; readonly header: string }
  | undefined {
  if (!name.includes("-header/")) return undefined;
  const match = /^(set|append)-(request|response)-header\/(.+)$/.exec(name);
  if (match === null) return undefined;
  return {
    append: match[1] === "append",
    side: match[2] === "request" ? "request" : "response",
    header: match[3]!,
  };
}

/** The stylesheet parameter that a variable sets: `config-param/{namespace}name`, by local name. */
export function parameterVariable(name: string): string | undefined {
  if (!name.startsWith("config-param/")) return undefined;
  return /^config-param\/(?:\{[^}]*\})?(.+)$/.exec(name)?.[1];
}

/** True for a variable URL that a policy or a script may set. */
export function isWritableVariable(url: string): boolean {
  if (!url.startsWith(prefix)) {
    return /^var:\/\/(?:context\/[^/]+(?:\/.+)?|local\/.+|system\/[^/]+\/.+)$/.test(url);
  }
  const known = byUrl.get(url);
  if (known !== undefined) return known.access !== "read";
  const name = url.slice(prefix.length);
  return headerVariable(name) !== undefined || parameterVariable(name) !== undefined;
}

/** The service variables under their dotted lower-camel names, for `service-metadata`. */
export function dottedVariables(): { readonly path: readonly string[]; readonly url: string }[] {
  return serviceVariables.map(({ name }) => ({
    path: name.split("/").map(camel),
    url: `${prefix}${name}`,
  }));
}

function camel(part: string): string {
  return part.replace(/-([A-Za-z])/g, (_, letter: string) => letter.toUpperCase());
}

function both(name: string, dataType: ServiceVariable["dataType"] = "string"): ServiceVariable {
  return { name, access: "both", dataType };
}

function read(name: string, dataType: ServiceVariable["dataType"] = "string"): ServiceVariable {
  return { name, access: "read", dataType };
}

function write(name: string, dataType: ServiceVariable["dataType"] = "string"): ServiceVariable {
  return { name, access: "write", dataType };
}
