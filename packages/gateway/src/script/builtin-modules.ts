/** The modules that `require` gives every script. */
export const builtinModules: ReadonlySet<string> = new Set([
  "service-metadata",
  "header-metadata",
  "urlopen",
  "util",
  "url",
  "querystring",
  "assert",
  "crypto",
  "punycode",
  "sprintf",
  "console",
  "fs",
]);

/** Modules of the product that this gateway does not have: a script that needs one is not served. */
export const unservedModules: ReadonlySet<string> = new Set([
  "transform",
  "jose",
  "jwt",
  "ratelimit",
  "multistep",
  "apim",
  "context",
]);
