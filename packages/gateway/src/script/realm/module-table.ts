import { deepEqual as looseAssert } from "node:assert";
import { createRequire } from "node:module";
import querystring from "node:querystring";
import url from "node:url";
import { isDeepStrictEqual, types } from "node:util";
import { defaultXmlLimits } from "../../xml/limits.ts";
import { scannedDocument } from "../../xml/parse.ts";
import { formatText, sprintfText } from "../format-text.ts";
import { shownValue } from "../shown-value.ts";
import { refusedMarkup } from "../strict-markup.ts";
import { installAssert } from "./assert-module.ts";
import { installCrypto } from "./crypto-module.ts";
import { installFs } from "./fs-module.ts";
import { installJoseKit, type JoseKit } from "./jose-headers.ts";
import { installJose, type JoseModule } from "./jose-module.ts";
import { installJwt } from "./jwt-module.ts";
import { type RealmKit, scriptErrorCodes } from "./kit.ts";
import { domSource, type LibrarySource, xpathSource } from "./library.ts";
import { installMultistep } from "./multistep-module.ts";
import { installPlain, type PlainBackend } from "./plain-modules.ts";
import { installRatelimit } from "./ratelimit-module.ts";
import type { BuiltinMaker } from "./runner.ts";
import { installTransform, type XpathLibrary } from "./transform-module.ts";
import { installUrlopen } from "./urlopen-module.ts";
import { installSprintf, installUtil, type UtilBackend } from "./util-module.ts";
import { installXml, type XmlBackend } from "./xml.ts";
import type { DomLibrary, XmlKit } from "./xml-kit.ts";

/** Evaluates a self-contained function inside a realm. */
export interface RealmInside {
  install<Installer>(installer: Installer): Installer;
  /** The exports of a library that is evaluated inside the realm. */
  library(source: LibrarySource): object;
  /** A guard around an object of functions. */
  guarded<Host extends object>(host: Host): Host;
  readonly kit: RealmKit;
}

/** What only scripts that ask for it need. */
export interface ModuleTable {
  readonly builtin: BuiltinMaker;
  readonly xml: () => XmlKit;
}

/** Makes each module when it is first required; what all runs share is frozen. */
export function createModuleTable(inside: RealmInside): ModuleTable {
  const { install, guarded, library, kit } = inside;
  const utilities = guarded(utilBackend);
  const shared = new Map<string, unknown>();
  const once = <Made>(name: string, make: () => Made): Made => {
    if (!shared.has(name)) shared.set(name, make());
    return shared.get(name) as Made;
  };
  const plain = (): Readonly<Record<string, object>> =>
    once("plain", () => install(installPlain)(kit, guarded(plainBackend), plainFunctions));
  const joseKit = (): JoseKit =>
    once("jose kit", () => install(installJoseKit)(kit, scriptErrorCodes));
  const joseModule = (): JoseModule => once("jose", () => install(installJose)(kit, joseKit()));
  const makers: Readonly<Record<string, BuiltinMaker>> = {
    util: () => once("util", () => install(installUtil)(kit, utilities)),
    sprintf: () => once("sprintf", () => install(installSprintf)(kit, utilities)),
    assert: () => once("assert", () => install(installAssert)(kit, utilities)),
    url: () => plain().url,
    querystring: () => plain().querystring,
    punycode: () => plain().punycode,
    urlopen: (_, host) =>
      once("urlopen", () => install(installUrlopen)(kit, scriptErrorCodes))(host),
    fs: (_, host) => once("fs", () => install(installFs)(kit, scriptErrorCodes))(host),
    jose: (_, host) => joseModule().make(host),
    jwt: (_, host) => once("jwt", () => install(installJwt)(kit, joseKit(), joseModule()))(host),
    ratelimit: (_, host) =>
      once("ratelimit", () => install(installRatelimit)(kit, scriptErrorCodes))(host),
    multistep: (_, host) =>
      once("multistep", () => install(installMultistep)(kit, scriptErrorCodes))(host),
    transform: (_, host) =>
      once("transform", () => {
        const xpath = library(xpathSource()) as XpathLibrary;
        return install(installTransform)(kit, xpath, scriptErrorCodes);
      })(host),
    crypto: (_, host) => once("crypto", () => install(installCrypto)(kit))(host),
  };
  return {
    builtin: (name, host) => (Object.hasOwn(makers, name) ? makers[name]!(name, host) : undefined),
    xml: () =>
      once("xml", () => {
        const dom = library(domSource()) as DomLibrary;
        return install(installXml)(kit, dom, guarded(xmlBackend), scriptErrorCodes);
      }),
  };
}

const utilBackend: UtilBackend = {
  format: (values) => formatText(values),
  sprintf: (values) => sprintfText(values),
  inspect: (value, options) =>
    shownValue(value, {
      depth: options.depth === undefined ? 2 : options.depth,
      showHidden: options.showHidden === true,
      colors: options.colors === true,
    }),
  deepEqual: (left, right, strict) =>
    strict ? isDeepStrictEqual(left, right) : looselyEqual(left, right),
  isProxy: (value) => types.isProxy(value),
};

const xmlBackend: XmlBackend = {
  checked(document) {
    const bytes = Buffer.from(document as Uint8Array);
    const text = Buffer.from(scannedDocument(bytes, defaultXmlLimits)).toString("utf8");
    const why = refusedMarkup(text);
    if (why !== undefined) throw new Error(`the XML is not well-formed: ${why}`);
    return text;
  },
};

const plainFunctions: Readonly<Record<string, readonly string[]>> = {
  querystring: ["parse", "stringify", "escape", "unescape", "decode", "encode"],
  url: ["parse", "format", "resolve"],
  punycode: ["encode", "decode", "toASCII", "toUnicode"],
};

const plainBackend: PlainBackend = {
  call(module, name, values) {
    const functions = module === "punycode" ? punycode() : plainModules[module]!;
    const result = functions[name]!(...values);
    return typeof result === "object" && result !== null ? { ...result } : result;
  },
};

type Functions = Readonly<Record<string, (...values: readonly unknown[]) => unknown>>;

const plainModules: Readonly<Record<string, Functions>> = {
  querystring: querystring as never,
  url: {
    parse: (text, ...flags) => legacyUrl(text, ...flags),
    format: (parts) =>
      url.format(typeof parts === "string" ? (legacyUrl(parts) as never) : (parts as never)),
    resolve: (from, to) => {
      const base = legacyUrl(from, false, true) as { resolve(to: unknown): string };
      return base.resolve(to);
    },
  },
};

/** Node's older parser of addresses, by the class that does not warn about itself. */
function legacyUrl(...values: readonly unknown[]): object {
  const { Url } = url as unknown as { Url: new () => { parse(...values: unknown[]): void } };
  const parsed = new Url();
  parsed.parse(...values);
  return parsed;
}

/** The package, which Node's deprecated module is a copy of. */
function punycode(): Functions {
  const require = createRequire(import.meta.url);
  return require("punycode/punycode.js") as Functions;
}

/** Node's older deepEqual: members compared with `==`, prototypes not at all. */
function looselyEqual(left: unknown, right: unknown): boolean {
  try {
    looseAssert(left, right);
    return true;
  } catch {
    return false;
  }
}
