import type { SecureContextOptions } from "node:tls";
import type { Validation } from "../crypto/peer-check.ts";

/** How the gateway speaks TLS as a client. */
export interface SecurePlan {
  readonly name: string;
  readonly context: SecureContextOptions;
  /** Which certificates of servers are accepted. */
  readonly validation: Validation | "public authorities" | "every certificate";
  /** Present when the certificate has to name the host. */
  readonly hostCheck: HostCheck | undefined;
  /** The host that the handshake asks for: that of the URL, another one, none. */
  readonly sni: "host" | "none" | { readonly custom: string };
  /** Keep a session for each backend, to resume it. */
  readonly resumes: boolean;
}

/** How the host is looked for in a certificate, in the terms of OpenSSL. */
export interface HostCheck {
  /** False to go on after a mismatch, with a warning in the log. */
  readonly fatal: boolean;
  readonly subject: "default" | "always";
  readonly wildcards: boolean;
  readonly partialWildcards: boolean;
  readonly multiLabelWildcards: boolean;
  readonly singleLabelSubdomains: boolean;
}
