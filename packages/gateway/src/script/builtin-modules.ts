/** The modules that `require` gives every script. */
export const builtinModules: ReadonlySet<string> = new Set([
  "service-metadata",
  "header-metadata",
  "console",
  "urlopen",
  "fs",
  "transform",
  "jose",
  "jwt",
  "ratelimit",
  "multistep",
  "crypto",
  "util",
  "assert",
  "sprintf",
  "url",
  "querystring",
  "punycode",
]);

/** Modules of the product that this gateway does not have: a script that needs one is not served. */
export const unservedModules: ReadonlySet<string> = new Set(["apim", "context", "jwk", "mgmt"]);

/** What is there from the start; the other modules are loaded when a script needs one. */
export const promptModules: ReadonlySet<string> = new Set([
  "service-metadata",
  "header-metadata",
  "console",
]);
