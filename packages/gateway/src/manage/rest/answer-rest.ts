import type { ManagedInstance } from "../instance.ts";
import { answerActions } from "./action-queue.ts";
import { answerFilestore } from "./filestore.ts";
import { readMetadata, readTypes } from "./metadata.ts";
import { readConfig, readDomains } from "./read-config.ts";
import { readStatus, type StatusMemory } from "./read-status.ts";
import {
  failure,
  links,
  notFound,
  type RestAnswer,
  type RestRequest,
  success,
} from "./rest-answer.ts";
import { writeConfig } from "./write-config.ts";

const rooms = ["config", "domains", "status", "actionqueue", "filestore", "metadata", "types"];

/** Answers one request below `/mgmt/`; what the account may not see is not there. */
export async function answerRest(
  instance: ManagedInstance,
  memory: StatusMemory,
  request: RestRequest,
): Promise<RestAnswer> {
  const { segments, method, path, account } = request;
  const [room, domain] = segments;
  if (!["GET", "PUT", "POST", "DELETE"].includes(method)) {
    return failure(405, path, `The method ${method} is not served.`);
  }
  if (domain !== undefined && room !== "domains" && account.domains?.has(domain) === false) {
    return notFound(path);
  }
  const reads = method === "GET";
  if (!reads && account.level !== "privileged") return notFound(path);
  switch (room) {
    case undefined:
      return reads ? success(rootDocument()) : failure(405, path, "Only GET is served here.");
    case "config":
      if (!reads) return writeConfig(instance, request);
      return domain === undefined ? success(links("/mgmt/config/")) : readConfig(instance, request);
    case "filestore":
      return answerFilestore(instance, request);
    case "actionqueue":
      return answerActions(instance, request);
    default:
  }
  if (![...rooms, "drift", "logs"].includes(room)) return notFound(path);
  if (!reads) return failure(405, path, "Only GET is served here.");
  switch (room) {
    case "domains":
      return segments[1] === "config" && segments.length === 2
        ? readDomains(instance, request)
        : notFound(path);
    case "status":
      return readStatus(instance, memory, request);
    case "metadata":
      return readMetadata(instance, request);
    case "types":
      return readTypes(instance, request);
    case "logs":
      return readLogs(instance, request);
    default:
      return segments.length === 1 ? readDrift(instance, request) : notFound(path);
  }
}

/** `GET /mgmt/drift`, our own: every difference between what is served and the files. */
function readDrift(instance: ManagedInstance, { account }: RestRequest): RestAnswer {
  const differences = instance
    .drift()
    .filter(({ domain }) => account.domains?.has(domain) !== false);
  return success({
    ...links("/mgmt/drift"),
    drifted: differences.length > 0,
    changeable: instance.change !== undefined,
    differences,
  });
}

/**
 * `GET /mgmt/logs`, our own: the last lines of the gateway. `GET /mgmt/logs/{domain}/{target}`: what a
 * log target of type cache holds. Oldest first.
 */
function readLogs(instance: ManagedInstance, { segments, path, account }: RestRequest): RestAnswer {
  const [, domain, target, ...more] = segments;
  if (domain === undefined && account.domains === undefined) {
    return success({ ...links("/mgmt/logs"), lines: instance.logs.recent() });
  }
  const lines =
    domain === undefined || target === undefined || more.length > 0
      ? undefined
      : instance.logs.cached(domain, target);
  return lines === undefined ? notFound(path) : success({ ...links(path), lines });
}

function rootDocument(): Record<string, unknown> {
  const rest = rooms.map((room) => [
    room,
    { href: room === "domains" ? "/mgmt/domains/config/" : `/mgmt/${room}/` },
  ]);
  return {
    _links: {
      self: { href: "/mgmt/" },
      ...Object.fromEntries(rest),
      drift: { href: "/mgmt/drift" },
      logs: { href: "/mgmt/logs" },
    },
  };
}
