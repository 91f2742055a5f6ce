import { catalogueAliases, type Kind, kindOfAlias } from "../catalogue.ts";
import type { CatalogueProperty } from "../catalogue-entry.ts";

/**
 * Commands of the global mode that make no object: they are read and have no effect on what is
 * served. Longest first where one begins another. Saved configurations hold most of them.
 */
const plainCommands: readonly (readonly string[])[] = [
  ["xsl", "cache", "size"],
  ["xsl", "cache", "memorysize"],
  ["xsl", "checksummed", "cache"],
  ["xml", "validate"],
  ["logging", "event"],
  ["logging", "eventcode"],
  ["logging", "eventfilter"],
  ["logging", "object"],
  ["logging", "trigger"],
  ["logging", "ipfilter"],
  ["cli", "telnet"],
  ["save-config", "overwrite"],
  ["save-config"],
  ["save", "error-report"],
  ["write"],
  ["copy"],
  ["delete"],
  ["mkdir"],
  ["rmdir"],
  ["alias"],
  ["file-capture"],
  ["suppress-warnings"],
  ["import-execute"],
  ["import-exec"],
  ["loadlibrary"],
  ["memoization"],
  ["tx-warn"],
  ["xslconfig"],
  ["xslrefresh"],
  ["xmlmgr"],
  ["xpath", "function", "map"],
  ["statistics"],
  ["monitor-count"],
  ["clear"],
  ["flush"],
  ["undo"],
  ["echo"],
  ["banner"],
  ["license"],
  ["locate-device"],
];

/** Modal words of older or appliance firmware that the catalogue does not have. */
const modalWords: ReadonlySet<string> = new Set([
  "interface",
  "ethernet",
  "vlan",
  "link-aggregation",
  "network",
  "ntp-service",
  "language",
  "role",
  "simple-rate-limiter",
  "telnet",
  "mq-qm",
  "mq-qm-group",
  "source-mq",
  "source-imsconnect",
  "imsconnect",
  "ims",
  "isamruntime",
  "valcred",
  "tibems-server",
  "source-tibems",
  "nfs-static-mount",
  "ldap-pool",
  "web-services-agent",
  "application-security-policy",
  "dfdl-settings",
  "gatewayscript-settings",
  "policy-attachments",
  "cluster-multiple-site",
  "password-map",
]);

/** Words with two parts that open an object. */
const modalPairs: ReadonlyMap<string, string> = new Map([
  ["logging target", "logging target"],
  ["logging category", "logging category"],
  ["xml parser limits", "xml parser limits"],
]);

/** Properties of older firmware, or that saving writes although the catalogue leaves them out. */
const olderProperties: Readonly<Record<string, readonly string[]>> = {
  mpgw: ["forbid-external-references", "debugger-type", "ssl", "wsmagent"],
  "source-https": ["ssl", "ssl-config-type", "ssl-server", "ssl-sni-server"],
  acl: ["allow", "deny"],
  action: ["ssl"],
  domain: ["base-dir", "config-file", "url-permissions", "reset-domain", "config-dir"],
  user: ["password-hashed", "domain", "suppress-password-change"],
  "password-alias": ["password-encrypted", "password-hashed"],
  xmlfirewall: [
    "local-address",
    "remote-address",
    "ssl",
    "error-policy-override",
    "forbid-external-references",
    "debugger-type",
    "wsmagent-monitor",
    "wsmagent-monitor-capture-mode",
  ],
  "web-mgmt": ["local-address", "ssl", "disable-csrf"],
  "rest-mgmt": ["local-address", "ssl"],
  "xml-mgmt": ["local-address", "ssl"],
  ssh: ["local-address"],
  "loadbalancer-group": ["enabled"],
  key: ["password", "password-hashed"],
  certificate: ["password", "password-hashed"],
  sskey: ["password", "password-alias"],
  rule: [
    "xform",
    "setvar",
    "results",
    "fetch",
    "call",
    "on-error",
    "filter",
    "validate",
    "route-set",
    "rewrite",
    "convert-http",
    "log",
    "aaa",
    "slm",
    "extract",
    "strip-attachments",
    "checkpoint",
    "xformpi",
    "xformbin",
    "cryptobin",
    "route-action",
  ],
  matching: [
    "urlmatch",
    "fullurlmatch",
    "hostmatch",
    "httpmatch",
    "errorcode",
    "xpathmatch",
    "methodmatch",
  ],
  urlrewrite: ["absolute-rewrite", "content-type", "header-rewrite", "post-body"],
  "domain-settings": ["config-dir"],
  snmp: ["version"],
  "gateway-peering": ["priority", "enable-ssl", "log-level"],
  "gateway-peering-manager": ["apiprobe"],
  "wsm-agent": ["buffer-mode", "push-interval", "push-priority"],
  sshdomainclientprofile: ["enable-legacy-kex"],
  sshserverprofile: ["enable-legacy-kex", "send-preauth-msg"],
  xmlmgr: ["forbid-external-references", "memoization", "tx-warn"],
};

/** True when this runtime has a handler for what `%if% available "…"` names, parse-only ones included. */
export function isAvailable(alias: string): boolean {
  const word = alias.split(/[ \t]+/)[0] ?? "";
  return (
    catalogueAliases().has(alias) ||
    modalWords.has(alias) ||
    modalPairs.has(alias) ||
    plainCommands.some((command) => command.join(" ") === alias || command[0] === word)
  );
}

/** How many words name the plain command at the start of a statement; 0 when it is none. */
export function plainCommandLength(words: readonly string[]): number {
  for (const command of plainCommands) {
    if (command.every((part, index) => words[index] === part)) return command.length;
  }
  return 0;
}

/** True for a command word after which no body is expected unless one of its properties follows. */
export function isPlainCommand(alias: string): boolean {
  return plainCommandLength(alias.split(" ")) > 0;
}

/** The object that a statement of the global mode opens: its alias and the words after it. */
export function openedAlias(
  words: readonly string[],
): { alias: string; length: number } | undefined {
  for (const length of [3, 2]) {
    const pair = modalPairs.get(words.slice(0, length).join(" "));
    if (pair !== undefined && words.length >= length) return { alias: pair, length };
  }
  const word = words[0] ?? "";
  if (kindOfAlias(word) !== undefined || modalWords.has(word)) return { alias: word, length: 1 };
  return undefined;
}

/** What a beginning of a word may stand for; `full` only when that is one word. */
export interface Expansion {
  readonly full: string | undefined;
  readonly candidates: readonly string[];
}

/** The full word of the global mode for an unambiguous beginning of one. */
export function expandGlobalWord(word: string): Expansion {
  const words = new Set<string>([
    ...catalogueAliases(),
    ...modalWords,
    ...plainCommands.map((command) => command[0]!),
  ]);
  return expansion(word, words);
}

/**
 * A property of a kind by its command word (of one to three words) or an unambiguous beginning of
 * it; `candidates` has what an ambiguous beginning may stand for.
 */
export function propertyWord(
  alias: string,
  words: readonly string[],
): { word: string; known: boolean; candidates: readonly string[] } {
  const names = propertyNames(alias);
  const word = words[0] ?? "";
  if (names.has(word)) return { word, known: true, candidates: [] };
  for (const length of [3, 2]) {
    const longer = words.slice(0, length).join(" ");
    if (words.length >= length && names.has(longer)) {
      return { word: longer, known: true, candidates: [] };
    }
  }
  const { full, candidates } = expansion(word, names);
  return { word: full ?? word, known: full !== undefined, candidates };
}

/** The catalogue's description of a property of the object that an alias opens. */
export function catalogueProperty(alias: string, word: string): CatalogueProperty | undefined {
  return kindOfAlias(alias)?.properties.get(word);
}

/** Every property name that an object of this alias may carry. */
export function propertyNames(alias: string): ReadonlySet<string> {
  const known = namesByAlias.get(alias);
  if (known !== undefined) return known;
  const kind: Kind | undefined = kindOfAlias(alias);
  const older = [olderProperties[alias], kind === undefined ? [] : olderProperties[kind.alias]];
  const names = new Set<string>([
    "admin-state",
    "summary",
    ...(kind?.properties.keys() ?? []),
    ...older.flatMap((each) => each ?? []),
  ]);
  namesByAlias.set(alias, names);
  return names;
}

const namesByAlias = new Map<string, ReadonlySet<string>>();

function expansion(word: string, words: Iterable<string>): Expansion {
  const candidates = word === "" ? [] : [...words].filter((each) => each.startsWith(word));
  return { full: candidates.length === 1 ? candidates[0] : undefined, candidates };
}
