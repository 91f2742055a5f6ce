/** Where a connection to a backend goes instead of its own host and port; undefined to let it be. */
export interface OutboundRoute {
  to(host: string, port: number): { readonly host: string; readonly port: number } | undefined;
  /** Told once such a connection stands, with its own port; `secure` where it should speak TLS. */
  connected(localPort: number, host: string, port: number, secure: boolean): void;
}
