import { objectKey } from "../config/model.ts";
import { verifyPassword } from "../config/password-hash.ts";
import { effectiveValues, type Value } from "../config/values.ts";
import type { Found, LintRule, RuleSubject } from "./rules.ts";

const servers = new Set(["SSLServerProfile"]);
const clients = new Set(["SSLClientProfile"]);
const profiles = new Set([...servers, ...clients]);
const services = new Set(["MultiProtocolGateway", "XMLFirewallService", "WSGateway"]);
const handlers = ["HTTPSourceProtocolHandler", "HTTPSSourceProtocolHandler"];
/** Methods that come without a body as a rule. */
const bodiless = new Set(["GET", "HEAD", "DELETE", "OPTIONS"]);
const management = new Set(["WebGUI", "RestMgmtInterface", "MgmtInterface", "SSHService"]);

/** Passwords that everybody tries first. */
const guessable = ["admin", "password", "datapower", "changeme", "passw0rd", ""];

const weakProtocols = new Set(["SSLv2", "SSLv3", "TLSv1d0", "TLSv1d1"]);
const weakCipher = /NULL|_RC4_|_DES_|3DES|EXPORT|MD5$|anon/i;

/** Variables whose content a client decides. */
const fromClient =
  /var:\/\/service\/(?:URI|URL-in|protocol-method|original-content-type|transaction-client)|var:\/\/context\/INPUT/;

export const securityRules: readonly LintRule[] = [
  {
    code: "GW-TLS-PROTOCOL",
    severity: "warning",
    kinds: profiles,
    check(subject) {
      const set = subject.object.lines.some(({ name }) => name === "protocols");
      const weak = listOf(subject.values().get("protocols")).filter((each) =>
        weakProtocols.has(each),
      );
      const how = set ? "are allowed" : "are allowed by default";
      return when(weak.length > 0, subject, "protocols", `${weak.join(", ")} ${how}`);
    },
  },
  {
    code: "GW-TLS-CIPHER",
    severity: "warning",
    kinds: profiles,
    check(subject) {
      return subject.object.lines
        .filter(
          ({ name, arguments: [cipher = ""] }) => name === "ciphers" && weakCipher.test(cipher),
        )
        .map(({ origin, arguments: [cipher] }) => ({ origin, message: `weak cipher ${cipher}` }));
    },
  },
  {
    code: "GW-TLS-VERIFY",
    severity: "warning",
    kinds: clients,
    check(subject) {
      const off = subject.values().get("validate-server-cert") === false;
      const message = "the certificate of the server is not validated";
      return when(off, subject, "validate-server-cert", message);
    },
  },
  {
    code: "GW-TLS-HOSTNAME",
    severity: "note",
    kinds: clients,
    check(subject) {
      const values = subject.values();
      const verified = values.get("validate-server-cert") !== false;
      const off = verified && values.get("validate-hostname") !== true;
      const message = "the host name in the server's certificate is not compared";
      return when(off, subject, "validate-hostname", message);
    },
  },
  {
    code: "GW-TLS-CLIENT-AUTH",
    severity: "warning",
    kinds: servers,
    check(subject) {
      const values = subject.values();
      if (values.get("request-client-auth") !== true) return [];
      const optional = values.get("require-client-auth") === false;
      const unchecked = values.get("validate-client-cert") === false;
      return [
        ...when(optional, subject, "require-client-auth", "client certificates are optional"),
        ...when(
          unchecked,
          subject,
          "validate-client-cert",
          "client certificates are not validated",
        ),
      ];
    },
  },
  {
    code: "GW-PASSWORD-DEFAULT",
    severity: "warning",
    kinds: new Set(["User"]),
    check(subject) {
      const { object } = subject;
      return object.lines.flatMap((line) => {
        const [text = ""] = line.arguments;
        const plain = line.name === "password" && guessable.includes(text);
        const hashed =
          line.name === "password-hashed" &&
          [object.name, ...guessable].some((each) => verifyPassword(each, text));
        if (!plain && !hashed) return [];
        return [{ origin: line.origin, message: "the password is one that everybody tries first" }];
      });
    },
  },
  {
    code: "GW-PASSWORD-CLEAR",
    severity: "warning",
    check(subject) {
      return subject.object.lines
        .filter(({ name, negated, arguments: [text = ""] }) => {
          return (
            /^(?:password|remote-password|bind-password)$/.test(name) && !negated && text !== ""
          );
        })
        .map(({ origin, name }) => ({ origin, message: `${name} is written in clear text` }));
    },
  },
  {
    code: "GW-MANAGEMENT-OPEN",
    severity: "warning",
    kinds: management,
    check(subject) {
      const { object } = subject;
      const address = String(subject.values().get("ip-address") ?? "0.0.0.0");
      const open = object.enabled && ["0.0.0.0", "0", "::", ""].includes(address);
      return when(open, subject, "local-address", `${object.alias} listens on all interfaces`);
    },
  },
  {
    code: "GW-BACKEND-FROM-CLIENT",
    severity: "warning",
    kinds: new Set(["StylePolicyAction"]),
    check(subject) {
      const values = subject.values();
      const sets = values.get("type") === "setvar";
      const target = /var:\/\/service\/routing-url$/.test(String(values.get("variable") ?? ""));
      const client = fromClient.test(String(values.get("value") ?? ""));
      const message = "the backend's address is taken from what the client sent";
      return when(sets && target && client, subject, "value", message);
    },
  },
  {
    code: "GW-RULES-SKIPPED",
    severity: "note",
    kinds: new Set(["MultiProtocolGateway"]),
    check(subject) {
      const values = subject.values();
      const type = String(values.get("request-type") ?? "");
      const skips =
        ["json", "xml", "soap"].includes(type) && values.get("force-policy-exec") !== true;
      const message = `requests of the type ${type} without a body pass by every rule`;
      return when(skips && takesEmptyBodies(subject), subject, "request-type", message);
    },
  },
  {
    code: "GW-ERROR-EXPOSED",
    severity: "warning",
    kinds: services,
    check(subject) {
      const off = subject.values().get("rewrite-errors") === false;
      return when(off, subject, "rewrite-errors", "errors reach the client with internal detail");
    },
  },
  {
    code: "GW-EXTERNAL-REFERENCES",
    severity: "warning",
    kinds: new Set([...services, "XMLManager"]),
    check(subject) {
      const allows = subject.values().get("external-references") === "allow";
      return when(allows, subject, "external-references", "documents may fetch external entities");
    },
  },
];

/** True when a handler of the service lets in methods that come without a body. */
function takesEmptyBodies({ domain, object }: RuleSubject): boolean {
  return object.lines
    .filter(({ name }) => name === "front-protocol")
    .flatMap(({ arguments: [name = ""] }) =>
      handlers.map((kind) => domain.objects.get(objectKey(kind, name))),
    )
    .filter((handler) => handler !== undefined)
    .some((handler) => {
      const features = listOf(effectiveValues(handler).get("allowed-features"));
      return features.some((feature) => bodiless.has(feature));
    });
}

function when(
  holds: boolean,
  subject: RuleSubject,
  property: string,
  message: string,
): readonly Found[] {
  return holds ? [{ origin: subject.place(property), message }] : [];
}

function listOf(value: Value | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
