/**
 * `node:http`, without the names that an `import` of it would evaluate: its WebSocket loads a second HTTP client, which
 * takes longer than the rest of a small copy.
 */
export const http: typeof import("node:http") = process.getBuiltinModule("node:http");

/** `node:https`, loaded by the first address that needs it. */
export function https(): typeof import("node:https") {
  return process.getBuiltinModule("node:https");
}

/** The authorities that Node knows, read when they are asked for. */
export function knownAuthorities(): readonly string[] {
  return process.getBuiltinModule("node:tls").rootCertificates;
}
