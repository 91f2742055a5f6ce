import type { Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { peerRefusal } from "../plan/crypto/peer-check.ts";
import type { ServerProfile, ServerTls } from "../plan/crypto/server-tls-plan.ts";
import { askedHost } from "./client-hello.ts";
import { lookAhead } from "./first-bytes.ts";

/** What becomes of the connections of a TLS listener. */
export interface SecureFrontOptions {
  /** The TLS side in force; it may change between connections. */
  tls(): ServerTls;
  /** Protocols offered to clients that ask for one, the best first; none leaves the choice out. */
  protocols(): readonly string[];
  /** Takes a connection whose handshake is done and whose certificate, if wanted, is accepted. */
  take(socket: TLSSocket): void;
  /** Hears why a connection was ended before that. */
  note(text: string): void;
}

/**
 * The handshakes of a listener. The host that a client asks for is read ahead of its handshake, so
 * that each profile has its own protocols, ciphers and rules for client certificates.
 */
export class SecureFront {
  readonly #options: SecureFrontOptions;
  readonly #servers = new WeakMap<ServerProfile, Server>();
  /** Who waits for the end of which handshake, by the client's end of the connection. */
  readonly #waiting = new Map<string, () => void>();

  constructor(options: SecureFrontOptions) {
    this.#options = options;
  }

  /** `settled` hears when the connection has been taken. */
  accept(socket: Socket, settled: () => void): void {
    socket.on("error", () => {});
    const end = clientEnd(socket);
    this.#waiting.set(end, settled);
    socket.once("close", () => this.#waiting.delete(end));
    const tls = this.#options.tls();
    if (tls.byHost) this.#await(socket, tls);
    else this.#begin(socket, tls.profiles[0]!);
  }

  /** Collects what the client says first, until the host is known. */
  #await(socket: Socket, tls: ServerTls): void {
    lookAhead(socket, (bytes) => {
      const asked = askedHost(bytes);
      if (asked.state === "more") return undefined;
      if (asked.state === "no TLS") {
        return () => {
          this.#options.note("the client does not speak TLS");
          socket.destroy();
        };
      }
      const profile = tls.profileFor(asked.host);
      if (profile !== undefined) return () => this.#begin(socket, profile);
      return () => {
        this.#options.note(`no server profile for the host name ${JSON.stringify(asked.host)}`);
        socket.end(unrecognizedName, () => socket.destroy());
      };
    });
  }

  #begin(socket: Socket, profile: ServerProfile): void {
    let server = this.#servers.get(profile);
    if (server === undefined) {
      server = this.#serverOf(profile);
      this.#servers.set(profile, server);
    }
    server.emit("connection", socket);
  }

  #serverOf(profile: ServerProfile): Server {
    const protocols = this.#options.protocols();
    const server = createServer({
      ...profile.context,
      ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
      requestCert: profile.clientCertificate !== "unwanted",
      // certificates are judged below: the library knows only one of the three ways to do it
      rejectUnauthorized: false,
    });
    server.on("tlsClientError", (error: NodeJS.ErrnoException, socket) => {
      if (error.code !== "ECONNRESET") this.#options.note(`handshake failed: ${error.message}`);
      socket.destroy();
    });
    server.on("secureConnection", (socket) => {
      const refusal = clientRefusal(profile, socket);
      if (refusal === undefined) {
        this.#waiting.get(clientEnd(socket))?.();
        this.#options.take(socket);
        return;
      }
      this.#options.note(`the client's certificate is not accepted: ${refusal}`);
      socket.destroy();
    });
    return server;
  }
}

/** The alert `unrecognized_name` (RFC 6066, 3), fatal, in a record of TLS 1.2. */
const unrecognizedName = Buffer.from([21, 3, 3, 0, 2, 2, 112]);

function clientEnd({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

function clientRefusal(profile: ServerProfile, socket: TLSSocket): string | undefined {
  if (profile.clientCertificate === "unwanted") return undefined;
  const peer = socket.getPeerX509Certificate();
  if (peer === undefined && profile.clientCertificate === "wanted") return undefined;
  if (profile.validation === undefined) return peer === undefined ? "there is none" : undefined;
  const chain = socket.authorized ? undefined : String(socket.authorizationError);
  return peerRefusal(profile.validation, peer, "client", new Date(), chain);
}
