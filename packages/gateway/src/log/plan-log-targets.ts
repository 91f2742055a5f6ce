import { fileOfUrl } from "../config/locations.ts";
import { type ConfigObject, type Configuration, objectKey } from "../config/model.ts";
import { type Priority, priorities } from "../log.ts";
import { flagOf, linesOf, numberOf, textOf } from "../plan/properties.ts";

/** One log target, in plain values that can travel between processes. */
export interface LogTargetPlan {
  readonly domain: string;
  readonly name: string;
  readonly type: string;
  readonly format: string;
  /** An event is wanted when its category (or `all`) is here and it is urgent enough. */
  readonly events: readonly { readonly category: string; readonly priority: Priority }[];
  /** When not empty, only these codes. */
  readonly codes: readonly string[];
  readonly withoutCodes: readonly string[];
  /** When not empty, only events about these objects. */
  readonly objects: readonly { readonly kind: string; readonly name: string }[];
  readonly clients: readonly string[];
  readonly file?: string;
  /** Kilobytes. */
  readonly size: number;
  readonly rotate: number;
  readonly address: string;
  readonly port: number;
  readonly facility: string;
  readonly ident: string;
  /** Events per second; 0 is no limit. */
  readonly rateLimit: number;
  readonly color: boolean;
  readonly retry: number;
  /** Why it cannot be served. */
  readonly unserved?: string;
}

const types: ReadonlySet<string> = new Set(["console", "cache", "file", "syslog", "syslog-tcp"]);
const formats: ReadonlySet<string> = new Set(["text", "raw", "xml", "json-icp", "csv"]);

/** Every enabled log target of every domain. */
export function planLogTargets(configuration: Configuration): readonly LogTargetPlan[] {
  return [...configuration.domains.values()].flatMap((domain) =>
    [...domain.objects.values()]
      .filter(({ kind, enabled }) => kind === "LogTarget" && enabled)
      .map((object) => planTarget(configuration, object)),
  );
}

function planTarget(configuration: Configuration, object: ConfigObject): LogTargetPlan {
  const { domain, name } = object;
  // the one that the firmware brings along, amended by one-line statements only
  const isDefault = name === "default-log" && linesOf(object, "type").length === 0;
  const type = isDefault ? "cache" : textOf(object, "type");
  const format = isDefault ? "text" : textOf(object, "format");
  const url = textOf(object, "local-file");
  const file = fileOfUrl(configuration.root, domain, url);
  const clients = linesOf(object, "ip-filter").map(({ arguments: [ip = ""] }) => ip);
  const unserved = whyUnserved(object, type, format, url, file);
  return {
    domain,
    name,
    type,
    format,
    events: linesOf(object, "event").map(({ arguments: [category = "all", text = "notice"] }) => ({
      category,
      priority: priorities.find((each) => each === text) ?? "notice",
    })),
    codes: linesOf(object, "event-code").flatMap((line) => line.arguments.map(codeOf)),
    withoutCodes: linesOf(object, "event-filter").flatMap((line) => line.arguments.map(codeOf)),
    objects: linesOf(object, "object").map(({ arguments: [kind = "", own = ""] }) => ({
      kind: configuration.domains.get(domain)?.objects.get(objectKey(kind, own))?.alias ?? kind,
      name: own,
    })),
    clients,
    ...(type === "file" && file !== undefined ? { file } : {}),
    size: numberOf(object, "size"),
    rotate: numberOf(object, "rotate"),
    address: textOf(object, "remote-address"),
    port: numberOf(object, "remote-port") || 514,
    facility: textOf(object, "facility"),
    ident: textOf(object, "local-ident"),
    rateLimit: numberOf(object, "rate-limit"),
    color: flagOf(object, "ansi-color"),
    retry: numberOf(object, "retry-interval") * 1000,
    ...(unserved === undefined ? {} : { unserved }),
  };
}

function whyUnserved(
  object: ConfigObject,
  type: string,
  format: string,
  url: string,
  file: string | undefined,
): string | undefined {
  if (!types.has(type)) return `the type ${type} is not served`;
  if (!formats.has(format)) return `the format ${format} is not served`;
  if (type === "file" && !/^log(?:temp|store):/.test(url)) {
    return `the file ${url || "(none)"} is not below logtemp: or logstore:`;
  }
  if (type === "file" && file === undefined) return `the file ${url} is no path`;
  if (type === "file" && textOf(object, "archive-mode") === "upload") {
    return "the archive mode upload is not served";
  }
  if (type.startsWith("syslog") && textOf(object, "remote-address") === "") {
    return "it has no remote-address";
  }
  if (type === "syslog-tcp" && textOf(object, "ssl-client") !== "") {
    return "TLS to a syslog server is not served";
  }
  return undefined;
}

function codeOf(text: string): string {
  return text.replace(/^0x/i, "").toLowerCase();
}
