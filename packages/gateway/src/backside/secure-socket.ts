import type { X509Certificate } from "node:crypto";
import { isIP, type Socket } from "node:net";
import { connect, createSecureContext, type SecureContext, type TLSSocket } from "node:tls";
import type { HostCheck, SecurePlan } from "../plan/backside/secure-plan.ts";
import { peerRefusal } from "../plan/crypto/peer-check.ts";
import type { Destination } from "./destination.ts";

/** Most sessions that are kept to be resumed, over all backends. */
const mostSessions = 1024;

const contexts = new WeakMap<SecurePlan, SecureContext>();
const sessions = new Map<string, KeptSession>();

/** A resumed handshake shows no certificate again: the one that was accepted is kept with it. */
interface KeptSession {
  readonly session: Buffer;
  readonly plan: SecurePlan;
  readonly peer: X509Certificate;
}

/**
 * Speaks TLS over a connected socket; `done` hears once, when the handshake is over and the peer's
 * certificate was found acceptable, or why not. `warn` hears of what the profile only notes.
 */
export function secureSocket(
  socket: Socket,
  destination: Destination,
  plan: SecurePlan,
  done: (error: Error | undefined, secure?: TLSSocket) => void,
  warn: (text: string) => void,
): void {
  const host = destination.urlHost ?? destination.host;
  const asked = plan.sni === "host" ? host : plan.sni === "none" ? "" : plan.sni.custom;
  const key = `${destination.key} ${asked}`;
  const kept = plan.resumes ? sessions.get(key) : undefined;
  // a session that another profile has accepted says nothing about this one
  const known = kept?.plan === plan ? kept : undefined;
  const secure = connect({
    socket,
    secureContext: contextOf(plan),
    servername: isIP(asked) === 0 ? asked : "",
    ...(known === undefined ? {} : { session: known.session }),
    // the verdict is ours: by the profile's own rules, below
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  let accepted: X509Certificate | undefined;
  const failed = (error: Error): void => {
    sessions.delete(key);
    done(new Error(`TLS: ${error.message}`));
  };
  secure.once("error", failed);
  secure.on("session", (fresh: Buffer) => {
    const peer = accepted ?? secure.getPeerX509Certificate() ?? known?.peer;
    if (plan.resumes && peer !== undefined) keepSession(key, { session: fresh, plan, peer });
  });
  secure.once("secureConnect", () => {
    secure.off("error", failed);
    const shown = secure.getPeerX509Certificate();
    const peer = shown ?? (secure.isSessionReused() ? known?.peer : undefined);
    const refusal = refusalOf(secure, peer, plan, plan.sni === "none" ? host : asked, warn);
    if (refusal === undefined) {
      accepted = peer;
      done(undefined, secure);
      return;
    }
    sessions.delete(key);
    secure.on("error", () => {});
    secure.destroy();
    done(new Error(`TLS: the certificate of ${host} is not accepted: ${refusal}`));
  });
}

function contextOf(plan: SecurePlan): SecureContext {
  let context = contexts.get(plan);
  if (context === undefined) {
    context = createSecureContext(plan.context);
    contexts.set(plan, context);
  }
  return context;
}

function keepSession(key: string, session: KeptSession): void {
  sessions.delete(key);
  sessions.set(key, session);
  const oldest = sessions.keys().next().value;
  if (sessions.size > mostSessions && oldest !== undefined) sessions.delete(oldest);
}

function refusalOf(
  secure: TLSSocket,
  peer: X509Certificate | undefined,
  { validation, hostCheck }: SecurePlan,
  host: string,
  warn: (text: string) => void,
): string | undefined {
  if (validation === "public authorities") {
    if (!secure.authorized) return errorText(secure.authorizationError);
  } else if (validation !== "every certificate") {
    const chain = secure.authorized ? undefined : errorText(secure.authorizationError);
    const refusal = peerRefusal(validation, peer, "server", new Date(), chain);
    if (refusal !== undefined) return refusal;
  }
  if (hostCheck === undefined) return undefined;
  if (peer !== undefined && namesHost(peer, host, hostCheck)) return undefined;
  const mismatch = `it does not name the host ${host}`;
  if (hostCheck.fatal) return mismatch;
  warn(`the certificate of ${host}: ${mismatch}`);
  return undefined;
}

function namesHost(peer: X509Certificate, host: string, check: HostCheck): boolean {
  if (isIP(host) !== 0) return peer.checkIP(host) !== undefined;
  const { subject, wildcards, partialWildcards } = check;
  const { multiLabelWildcards, singleLabelSubdomains } = check;
  return (
    peer.checkHost(host, {
      subject,
      wildcards,
      partialWildcards,
      multiLabelWildcards,
      singleLabelSubdomains,
    }) !== undefined
  );
}

function errorText(error: Error | string | undefined): string {
  return String((error as Error | undefined)?.message ?? error ?? "its chain cannot be verified");
}
