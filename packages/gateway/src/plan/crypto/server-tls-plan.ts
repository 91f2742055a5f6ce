import type { SecureContextOptions } from "node:tls";
import type { Validation } from "./peer-check.ts";

/** How a listener presents itself under TLS, and what it wants of its clients. */
export interface ServerProfile {
  readonly name: string;
  readonly context: SecureContextOptions;
  readonly clientCertificate: "unwanted" | "wanted" | "required";
  /** Undefined accepts every certificate: `validate-client-cert` is off. */
  readonly validation: Validation | undefined;
}

/** The server profile of a client that asks for this host; undefined refuses the handshake. */
export interface ServerTls {
  /** True when the host decides, so that it has to be known first. */
  readonly byHost: boolean;
  readonly profiles: readonly ServerProfile[];
  profileFor(host: string | undefined): ServerProfile | undefined;
}
