import type { ConfigObject } from "../../config/model.ts";
import { XPath } from "../../xml/xpath.ts";
import { lineOf } from "../properties.ts";
import type { Refusals } from "../refusals.ts";
import type { HealthCheckPlan } from "./group-plan.ts";
import type { SecureProfiles } from "./secure-profiles.ts";
import { SubMode } from "./sub-mode.ts";

const served = [
  "admin-state",
  "target-uri",
  "target-port",
  "type",
  "use-soap",
  "send-soap",
  "timeout",
  "frequency",
  "xpath",
  "filter",
  "gatewayscript-checks",
  "request-method",
  "request-custom-method",
  "request-doc",
  "request-content-type",
  "response-evaluator",
  "response-evaluator-metadata",
  "tcp-conn-type",
  "ssl-client-type",
  "ssl-client",
  // each member is looked at by itself, and one that is silent is down, in any case
  "enforce-timeout",
  "independent-checks",
];

/** What `store:///healthcheck.xml` and `store:///healthcheck.json` hold. */
const documents: Readonly<Record<string, string>> = {
  "store:///healthcheck.xml":
    '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<env:Envelope xmlns:env="http://schemas.xmlsoap.org/soap/envelope/"><env:Body/></env:Envelope>\n',
  "store:///healthcheck.json": '{"healthcheck":true}\n',
};

/** The health check of a group; undefined when it has none that is on. */
export function planHealthCheck(
  object: ConfigObject,
  profiles: SecureProfiles,
  refusals: Refusals,
): HealthCheckPlan | undefined {
  const line = lineOf(object, "health-check");
  if (line === undefined || line.negated) return undefined;
  const mode = new SubMode("DmLBGroupCheck", line);
  if (!mode.flag("admin-state")) return undefined;
  const refuse = (name: string, why: string): void =>
    refusals.add(object, `health-check: ${why}`, mode.line(name) ?? line);
  for (const other of mode.others(served)) refuse(other.name, `"${other.name}" is not served`);
  const type = mode.text("type");
  if (!["", "Standard", "on", "off", "TCPConnection"].includes(type)) {
    refuse("type", `type ${type} is not served`);
  }
  const times = {
    timeout: mode.number("timeout") * 1000,
    interval: mode.number("frequency") * 1000,
  };
  const port = mode.number("target-port");
  const profile = mode.text("ssl-client");
  const secure =
    profile === "" ? undefined : profiles.client(profile, object, mode.line("ssl-client"));
  if (type === "on" && secure === undefined)
    refuse("type", "TLS without an ssl-client is not served");
  if (type === "TCPConnection") {
    return {
      type: "tcp",
      port,
      uri: "",
      method: "",
      body: "",
      contentType: "",
      xpath: undefined,
      properties: undefined,
      secure: undefined,
      ...times,
    };
  }
  const uri = mode.text("target-uri");
  return { type: "http", port, uri, secure, ...times, ...requestOf(mode, refuse) };
}

/** The request, and refusals of evaluations that only a stylesheet or script could make. */
function requestOf(
  mode: SubMode,
  refuse: (name: string, why: string) => void,
): Pick<HealthCheckPlan, "method" | "body" | "contentType" | "xpath" | "properties"> {
  if (mode.flag("gatewayscript-checks")) return scriptedRequestOf(mode, refuse);
  if (mode.text("filter") !== "store:///healthcheck.xsl") {
    refuse("filter", "a filter of its own is not served");
  }
  if (!mode.flag("use-soap")) return { ...judgedByStatus, method: "GET" };
  const xpath = mode.text("xpath");
  try {
    using _ = new XPath(xpath);
  } catch (error) {
    refuse("xpath", (error as Error).message);
  }
  const body = documentOf(mode.text("send-soap"), () =>
    refuse("send-soap", "a document of its own is not served"),
  );
  return { ...judgedByStatus, method: "POST", body, contentType: "text/xml", xpath };
}

const judgedByStatus = { body: "", contentType: "", xpath: undefined, properties: undefined };

/** The request of a check that the built-in script judges, with what its metadata asks for. */
function scriptedRequestOf(
  mode: SubMode,
  refuse: (name: string, why: string) => void,
): ReturnType<typeof requestOf> {
  if (mode.text("response-evaluator") !== "store:///healthcheck.js") {
    refuse("response-evaluator", "a response-evaluator of its own is not served");
  }
  const named = mode.text("request-method") || "GET";
  const method = named === "Custom" ? mode.text("request-custom-method") : named;
  const properties = propertiesOf(mode.text("response-evaluator-metadata"), () =>
    refuse("response-evaluator-metadata", "its metadata is no JSON object of plain values"),
  );
  if (method !== "POST" && method !== "PUT") return { ...judgedByStatus, method, properties };
  const body = documentOf(mode.text("request-doc"), () =>
    refuse("request-doc", "a request-doc of its own is not served"),
  );
  const contentType = mode.text("request-content-type");
  return { method, body, contentType, xpath: undefined, properties };
}

/** The properties that the answer's JSON must have, as texts. */
function propertiesOf(text: string, refuse: () => void): HealthCheckPlan["properties"] {
  if (text === "") return undefined;
  try {
    const given: unknown = JSON.parse(text);
    const entries = Object.entries(given as object);
    const isPlain = entries.every(([, value]) => value === null || typeof value !== "object");
    if (typeof given === "object" && !Array.isArray(given) && isPlain) {
      return new Map(entries.map(([name, value]) => [name, String(value)]));
    }
  } catch {
    // refused as well
  }
  refuse();
  return undefined;
}

function documentOf(url: string, refuse: () => void): string {
  const known = Object.hasOwn(documents, url) ? documents[url] : undefined;
  if (known === undefined) refuse();
  return known ?? "";
}
