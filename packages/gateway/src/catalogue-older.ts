import type { KindEntry } from "./catalogue-entry.ts";

/**
 * Kinds that firmware 10.6 no longer has and public configurations still use, with the words of
 * their one-line form as property names.
 */
export const olderKinds: Readonly<Record<string, KindEntry>> = {
  SSLProxyProfile: {
    cli: "sslproxy",
    properties: [
      {
        name: "Direction",
        cli: "direction",
        type: "String",
        values: ["forward", "reverse", "two-way"],
      },
      { name: "ReverseProfile", cli: "reverse-profile", type: "String", refersTo: "CryptoProfile" },
      { name: "ForwardProfile", cli: "forward-profile", type: "String", refersTo: "CryptoProfile" },
      { name: "SessionCaching", cli: "server-cache", type: "Bool", default: true },
      {
        name: "SessionTimeout",
        cli: "sess-timeout",
        type: "Int64",
        default: 300,
        min: 1,
        max: 86400,
      },
      { name: "CacheSize", cli: "cache-size", type: "Int64", default: 20, min: 1, max: 500000 },
      { name: "ClientCache", cli: "client-cache", type: "Bool", default: true },
      { name: "ClientSessionTimeout", cli: "client-sess-timeout", type: "Int64", default: 300 },
      { name: "ClientCacheSize", cli: "client-cache-size", type: "Int64", default: 100 },
      { name: "ClientAuthOptional", cli: "client-auth-optional", type: "Bool", default: false },
      {
        name: "ClientAuthAlwaysRequest",
        cli: "client-auth-always-request",
        type: "Bool",
        default: false,
      },
      {
        name: "PermitInsecureServers",
        cli: "permit-insecure-servers",
        type: "Bool",
        default: false,
      },
    ],
  },
  CryptoProfile: {
    cli: "profile",
    properties: [
      { name: "IdentCredential", cli: "idcred", type: "String", refersTo: "CryptoIdentCred" },
      { name: "ValidationCredential", cli: "ssl", type: "String", refersTo: "CryptoValCred" },
      { name: "Ciphers", cli: "ciphers", type: "String" },
      { name: "SSLOptions", cli: "option-string", type: "String" },
      { name: "ClientCAList", cli: "clientcalist", type: "Bool", default: false },
    ],
  },
};
