import { getCiphers } from "node:tls";
import type { ConfigObject } from "../../config/model.ts";
import { linesOf } from "../properties.ts";
import type { Refusals } from "../refusals.ts";

/** Cipher names of the configuration (IANA's without `TLS_`) and OpenSSL's names for them. */
const openSslNames: Readonly<Record<string, string>> = {
  RSA_WITH_NULL_MD5: "NULL-MD5",
  RSA_WITH_NULL_SHA: "NULL-SHA",
  RSA_WITH_NULL_SHA256: "NULL-SHA256",
  RSA_WITH_RC4_128_MD5: "RC4-MD5",
  RSA_WITH_RC4_128_SHA: "RC4-SHA",
  RSA_WITH_DES_CBC_SHA: "DES-CBC-SHA",
  RSA_WITH_3DES_EDE_CBC_SHA: "DES-CBC3-SHA",
  RSA_WITH_AES_128_CBC_SHA: "AES128-SHA",
  RSA_WITH_AES_256_CBC_SHA: "AES256-SHA",
  RSA_WITH_AES_128_CBC_SHA256: "AES128-SHA256",
  RSA_WITH_AES_256_CBC_SHA256: "AES256-SHA256",
  RSA_WITH_AES_128_GCM_SHA256: "AES128-GCM-SHA256",
  RSA_WITH_AES_256_GCM_SHA384: "AES256-GCM-SHA384",
  DHE_DSS_WITH_DES_CBC_SHA: "DHE-DSS-DES-CBC-SHA",
  DHE_DSS_WITH_3DES_EDE_CBC_SHA: "DHE-DSS-DES-CBC3-SHA",
  DHE_DSS_WITH_AES_128_CBC_SHA: "DHE-DSS-AES128-SHA",
  DHE_DSS_WITH_AES_256_CBC_SHA: "DHE-DSS-AES256-SHA",
  DHE_DSS_WITH_AES_128_CBC_SHA256: "DHE-DSS-AES128-SHA256",
  DHE_DSS_WITH_AES_256_CBC_SHA256: "DHE-DSS-AES256-SHA256",
  DHE_DSS_WITH_AES_128_GCM_SHA256: "DHE-DSS-AES128-GCM-SHA256",
  DHE_DSS_WITH_AES_256_GCM_SHA384: "DHE-DSS-AES256-GCM-SHA384",
  DHE_RSA_WITH_DES_CBC_SHA: "DHE-RSA-DES-CBC-SHA",
  DHE_RSA_WITH_3DES_EDE_CBC_SHA: "DHE-RSA-DES-CBC3-SHA",
  DHE_RSA_WITH_AES_128_CBC_SHA: "DHE-RSA-AES128-SHA",
  DHE_RSA_WITH_AES_256_CBC_SHA: "DHE-RSA-AES256-SHA",
  DHE_RSA_WITH_AES_128_CBC_SHA256: "DHE-RSA-AES128-SHA256",
  DHE_RSA_WITH_AES_256_CBC_SHA256: "DHE-RSA-AES256-SHA256",
  DHE_RSA_WITH_AES_128_GCM_SHA256: "DHE-RSA-AES128-GCM-SHA256",
  DHE_RSA_WITH_AES_256_GCM_SHA384: "DHE-RSA-AES256-GCM-SHA384",
  AES_128_GCM_SHA256: "TLS_AES_128_GCM_SHA256",
  AES_256_GCM_SHA384: "TLS_AES_256_GCM_SHA384",
  CHACHA20_POLY1305_SHA256: "TLS_CHACHA20_POLY1305_SHA256",
  AES_128_CCM_SHA256: "TLS_AES_128_CCM_SHA256",
  AES_128_CCM_8_SHA256: "TLS_AES_128_CCM_8_SHA256",
  ECDHE_RSA_WITH_NULL_SHA: "ECDHE-RSA-NULL-SHA",
  ECDHE_RSA_WITH_RC4_128_SHA: "ECDHE-RSA-RC4-SHA",
  ECDHE_RSA_WITH_3DES_EDE_CBC_SHA: "ECDHE-RSA-DES-CBC3-SHA",
  ECDHE_RSA_WITH_AES_128_CBC_SHA: "ECDHE-RSA-AES128-SHA",
  ECDHE_RSA_WITH_AES_256_CBC_SHA: "ECDHE-RSA-AES256-SHA",
  ECDHE_RSA_WITH_AES_128_CBC_SHA256: "ECDHE-RSA-AES128-SHA256",
  ECDHE_RSA_WITH_AES_256_CBC_SHA384: "ECDHE-RSA-AES256-SHA384",
  ECDHE_RSA_WITH_AES_128_GCM_SHA256: "ECDHE-RSA-AES128-GCM-SHA256",
  ECDHE_RSA_WITH_AES_256_GCM_SHA384: "ECDHE-RSA-AES256-GCM-SHA384",
  ECDHE_ECDSA_WITH_NULL_SHA: "ECDHE-ECDSA-NULL-SHA",
  ECDHE_ECDSA_WITH_RC4_128_SHA: "ECDHE-ECDSA-RC4-SHA",
  ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA: "ECDHE-ECDSA-DES-CBC3-SHA",
  ECDHE_ECDSA_WITH_AES_128_CBC_SHA: "ECDHE-ECDSA-AES128-SHA",
  ECDHE_ECDSA_WITH_AES_256_CBC_SHA: "ECDHE-ECDSA-AES256-SHA",
  ECDHE_ECDSA_WITH_AES_128_CBC_SHA256: "ECDHE-ECDSA-AES128-SHA256",
  ECDHE_ECDSA_WITH_AES_256_CBC_SHA384: "ECDHE-ECDSA-AES256-SHA384",
  ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: "ECDHE-ECDSA-AES128-GCM-SHA256",
  ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: "ECDHE-ECDSA-AES256-GCM-SHA384",
};

/**
 * The `ciphers` of an ssl-server or ssl-client in OpenSSL's words; undefined when it names none, so
 * that the TLS library's own list holds. What the library no longer has (RC4, DES, NULL, DSS) is
 * left out, which makes nothing less secure; nothing left is refused, as is an unknown name.
 */
export function cipherList(object: ConfigObject, refusals: Refusals): string | undefined {
  const lines = linesOf(object, "ciphers");
  if (lines.length === 0) return undefined;
  const available = new Set(getCiphers());
  const names: string[] = [];
  for (const line of lines) {
    for (const text of line.arguments) {
      const name = Object.hasOwn(openSslNames, text) ? openSslNames[text]! : undefined;
      if (name === undefined) refusals.add(object, `cipher "${text}" is not known`, line);
      else if (available.has(name.toLowerCase())) names.push(name);
    }
  }
  if (names.length === 0) {
    refusals.add(object, "none of its ciphers is in the TLS library", lines[0]);
  }
  return names.join(":");
}
