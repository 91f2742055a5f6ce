import type { ConfigObject, PropertyLine } from "../../config/model.ts";
import type { Value } from "../../config/values.ts";

/**
 * Phases of an aaapolicy as firmware saves them: one line of positional words, of which the URL
 * stands second, whatever it is of, and the rest is not in the catalogue's order and differs from
 * version to version. What is known are the words of public files, which all have the defaults
 * there: they are given here without the empty ones, with `|` between what versions write.
 */
const savedWords: Readonly<Record<string, string>> = {
  "extract-identity": "off off xmlfile proxy",
  authenticate:
    "absolute 3 on 1.1 cn= userPassword LTPA2 off 1.2 off off 32 off 32 off off 0 off 60 " +
    "proxy|client webagent default",
  "map-credentials": "",
  "extract-resource": "",
  "map-resource": "WebSEAL",
  authorize:
    "any absolute 3 1.1 member subtree (objectClass=*) 2.0 deny-biased on custom off T off r 0 " +
    "tfim off on off off 60 proxy|client webagent default",
  "post-process":
    "off off XS off off on 0 off 2.0 off off Digest 0 0 on off LTPA2 600 off " +
    "http://docs.oasis-open.org/wss/oasis-wss-kerberos-token-profile-1.1#GSS_Kerberosv5_AP_REQ " +
    "off off off off 1000 off all CallTFIM hmac-sha1 sha1 off random 0 off off off off off " +
    "assertion wssec-replace|wssec-new authentication+attribute bearer on off off off 0 AllHTTP " +
    "on off iv-creds|HTTP_IV_CREDS 0 off off mc-output as-is-string proxy|client off",
};

/** Fields of the first two words of a phase: its method and, unless it is always custom, its URL. */
const leadingFields: Readonly<Record<string, readonly string[]>> = {
  "extract-identity": ["EIBitmap", "EICustomURL"],
  authenticate: ["AUMethod", "AUMapURL"],
  "map-credentials": ["MCMethod", "MCMapURL"],
  "extract-resource": ["ERBitmap", "ERXPath"],
  "map-resource": ["MRMethod", "MRMapURL"],
  authorize: ["AZMethod", "AZMapURL"],
  "post-process": [],
};

/** Where the realm of HTTP Basic stands among the words of extract-identity. */
const realmAt = 5;

/** What a saved line says, and the first of its words that is not understood. */
export interface SavedPhase {
  readonly values: Readonly<Record<string, Value>>;
  /** Its number, from 1, and text. */
  readonly unknown?: { readonly number: number; readonly text: string };
}

/** True for a phase as it is saved: words on its own line, more than a hand would write. */
export function isSavedPhase({ kind }: ConfigObject, line: PropertyLine): boolean {
  if (kind !== "AAAPolicy") return false;
  if (line.children !== undefined || !Object.hasOwn(savedWords, line.name)) return false;
  return line.name === "post-process"
    ? line.arguments.length > 0
    : line.arguments.length > 3 || /:\/\//.test(line.arguments[1] ?? "");
}

/** Reads a line in the saved form: nothing but its method, URL and realm may be of its own. */
export function readSavedPhase(line: PropertyLine): SavedPhase {
  const values: Record<string, Value> = {};
  const leading = leadingFields[line.name] ?? [];
  for (const [at, field] of leading.entries()) {
    const word = line.arguments[at] ?? "";
    if (word !== "") values[field] = word;
  }
  const expected = savedWords[line.name]!.split(" ").filter(Boolean);
  for (const [at, word] of line.arguments.entries()) {
    if (at < leading.length || word === "") continue;
    if (line.name === "extract-identity" && at === realmAt) {
      values.EIBasicAuthRealm = word;
      continue;
    }
    const usual = expected.shift();
    if (usual?.split("|").includes(word) !== true) {
      return { values, unknown: { number: at + 1, text: word } };
    }
  }
  return { values };
}
