import { Fault, nearestWord } from "@lithify/fault";
import { capabilityNames } from "./capability-names.ts";
import type { SecurityContext } from "./security-context.ts";

/** What an engine adds to a user, as an identity's text says it. */
export interface IdentityOptions {
  /** As `-u` takes it. */
  readonly user: string;
  /** Names or numbers, as `--group-add` takes them. */
  readonly groups: readonly string[];
  /** Effective. */
  readonly capabilities: readonly string[];
  readonly bounding?: readonly string[];
  readonly noNewPrivileges: boolean;
}

/**
 * Reads `USER[+GROUP,…][,cap=CAP_…][,bound=CAP_…|none][,nnp=off]`: `app+27,audio,nnp=off` for example.
 * `cap` and `bound` may come several times; a capability is in the bounding set when it is effective.
 * Throws Fault IDENTITY_UNKNOWN.
 */
export function identityOptions(text: string): IdentityOptions {
  const end = text.search(/[+,]/u);
  const user = end === -1 ? text : text.slice(0, end);
  const rest = end === -1 ? [] : text.slice(end).split(",");
  const groups: string[] = [];
  const found = new Map<string, string[]>([["cap", []]]);
  for (const [index, raw] of rest.entries()) {
    const word = index === 0 ? raw.replace(/^\+/u, "") : raw;
    if (raw === "" && index === 0) continue;
    const equals = word.indexOf("=");
    if (equals === -1) groups.push(groupWord(text, word, text[end] === "+"));
    else {
      const key = optionKey(text, word.slice(0, equals));
      found.set(key, [...(found.get(key) ?? []), word.slice(equals + 1)]);
    }
  }
  const capabilities = (found.get("cap") ?? []).map((name) => capabilityName(text, name));
  const bound = found.get("bound");
  const named = bound?.filter((name) => name !== "none").map((name) => capabilityName(text, name));
  return {
    user,
    groups,
    capabilities,
    ...(named === undefined ? {} : { bounding: [...new Set([...named, ...capabilities])].sort() }),
    noNewPrivileges: switchOf(text, found.get("nnp")?.at(-1) ?? "on"),
  };
}

/** The text of an identity from what a policy says in keys; `identityOptions` and `resolveIdentity` read it. */
export function identityText(parts: {
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly bounding?: readonly string[];
  readonly noNewPrivileges?: boolean;
}): string {
  const { user = "USER", groups = [], capabilities = [], bounding, noNewPrivileges } = parts;
  const options = [
    ...capabilities.map((name) => `cap=${name}`),
    ...(bounding?.length === 0 ? ["bound=none"] : (bounding ?? []).map((name) => `bound=${name}`)),
    ...(noNewPrivileges === false ? ["nnp=off"] : []),
  ];
  const added = groups.length === 0 ? "" : `+${groups.join(",")}`;
  return [user + added, ...options].join(",");
}

/** The security context of `kubernetes(runAsUser=1000 fsGroup=2000 …)`; undefined for another text. */
export function kubernetesForm(text: string): SecurityContext | undefined {
  const inner = /^kubernetes\((.*)\)$/su.exec(text)?.[1];
  if (inner === undefined) return undefined;
  const context: Record<string, unknown> = {};
  for (const word of inner.split(/\s+/u).filter((each) => each !== "")) {
    const equals = word.indexOf("=");
    const key = equals === -1 ? word : word.slice(0, equals);
    const read = contextKeys[key];
    const value = equals === -1 ? undefined : read?.(word.slice(equals + 1));
    if (value === undefined) {
      const near = nearestWord(key, Object.keys(contextKeys));
      throw new Fault("IDENTITY_UNKNOWN", `the identity ${text}`, {
        why: `${word} is no setting of a security context`,
        hint: near === undefined ? known(contextKeys) : `Did you mean ${near}?`,
      });
    }
    context[key] = value;
  }
  return context;
}

/** The text of a security context. */
export function kubernetesText(context: SecurityContext): string {
  const words = Object.entries(context)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join(",") : String(value)}`);
  return `kubernetes(${words.join(" ")})`;
}

/** The uid of `openshift` or `openshift(UID)`; undefined for another text. */
export function openShiftForm(text: string): number | undefined {
  const match = /^openshift(?:\((\d{1,10})\))?$/u.exec(text);
  if (match === null) return undefined;
  const uid = Number(match[1] ?? "1000770000");
  if (uid > 0 && uid < 2 ** 31) return uid;
  throw new Fault("IDENTITY_UNKNOWN", `the identity ${text}`, {
    why: `a uid is from 1 to ${2 ** 31 - 1} here`,
  });
}

/** `CAP_CHOWN` for `chown`, `cap_chown` or `CAP_CHOWN`. Throws Fault IDENTITY_UNKNOWN. */
export function capabilityName(identity: string, name: string): string {
  const upper = name.toUpperCase();
  const full = upper.startsWith("CAP_") ? upper : `CAP_${upper}`;
  if (capabilityNames.includes(full)) return full;
  const near = nearestWord(full, capabilityNames);
  throw new Fault("IDENTITY_UNKNOWN", `the identity ${identity}`, {
    why: `${name} is no capability of Linux`,
    ...(near === undefined ? {} : { hint: `Did you mean ${near}?` }),
  });
}

const optionKeys = ["cap", "bound", "nnp"];

function optionKey(text: string, key: string): string {
  if (optionKeys.includes(key)) return key;
  throw new Fault("IDENTITY_UNKNOWN", `the identity ${text}`, {
    why: `${key}= is no option of an identity`,
    hint: "An identity is USER[+GROUP,…][,cap=CAP_…][,bound=CAP_…|none][,nnp=off].",
  });
}

function groupWord(text: string, word: string, isList: boolean): string {
  if (isList && word !== "") return word;
  throw new Fault("IDENTITY_UNKNOWN", `the identity ${text}`, {
    why: word === "" ? "a group is empty" : `${word} is neither an option nor behind a +`,
    hint: "Groups that the engine adds come behind a plus sign: 1001:0+27,100.",
  });
}

function switchOf(text: string, word: string): boolean {
  if (word === "on" || word === "off") return word === "on";
  throw new Fault("IDENTITY_UNKNOWN", `the identity ${text}`, {
    why: `nnp is on or off, not ${word}`,
  });
}

const contextKeys: Readonly<Record<string, (text: string) => unknown>> = {
  runAsUser: id,
  runAsGroup: id,
  fsGroup: id,
  supplementalGroups: ids,
  supplementalGroupsPolicy: (text) => (text === "Merge" || text === "Strict" ? text : undefined),
  allowPrivilegeEscalation: truth,
  privileged: truth,
  addCapabilities: (text) => text.split(","),
  dropCapabilities: (text) => text.split(","),
};

function id(text: string): number | undefined {
  return /^\d{1,10}$/u.test(text) && Number(text) < 2 ** 31 ? Number(text) : undefined;
}

function ids(text: string): readonly number[] | undefined {
  const numbers = text.split(",").map(id);
  return numbers.every((number) => number !== undefined) ? numbers : undefined;
}

function truth(text: string): boolean | undefined {
  return text === "true" ? true : text === "false" ? false : undefined;
}

function known(keys: object): string {
  return `Known settings: ${Object.keys(keys).join(", ")}.`;
}
