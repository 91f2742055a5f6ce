/**
 * `node:http`, without the names that an `import` of it would evaluate: its WebSocket loads a whole
 * HTTP client and HTTP/2 with it, 14 MB and a good part of the start.
 */
export const http: typeof import("node:http") = process.getBuiltinModule("node:http");
