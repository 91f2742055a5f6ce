import type { ManagedInstance } from "../instance.ts";
import {
  failure,
  href,
  immutable,
  links,
  notFound,
  type RestAnswer,
  type RestRequest,
  success,
} from "./rest-answer.ts";

/** What an action does here; `image` actions would change what the image holds. */
const actions: Readonly<Record<string, "done" | "report" | "image">> = {
  FlushDocumentCache: "done",
  FlushStylesheetCache: "done",
  FlushAAACache: "done",
  FlushDNSCache: "done",
  FlushLDAPPoolCache: "done",
  FlushArpCache: "done",
  RefreshStylesheet: "done",
  RefreshDocument: "done",
  ErrorReport: "report",
  SaveConfig: "image",
  RestartThisDomain: "image",
  ResetThisDomain: "image",
  RestartDomain: "image",
  ResetDomain: "image",
  ApplyPatch: "image",
  ImportConfig: "image",
  DeleteFile: "image",
  MoveFile: "image",
  CreateDir: "image",
  RemoveDir: "image",
  FetchFile: "image",
  RemoveCheckpoint: "image",
  SaveCheckpoint: "image",
  RollbackCheckpoint: "image",
  ChangePassword: "image",
  ChangeUserPassword: "image",
};

/**
 * `GET` lists the actions of a domain; `POST` of `{"Name": {…}}` does one. Caches are not kept
 * longer than their content holds, so flushing them has nothing left to do.
 */
export function answerActions(instance: ManagedInstance, request: RestRequest): RestAnswer {
  const { path, segments, method, account, body } = request;
  const [, domain, ...more] = segments;
  if (account.level !== "privileged" || more.length > 0) return notFound(path);
  if (domain === undefined) return success(links("/mgmt/actionqueue/", "/mgmt/docs/actionqueue"));
  if (!instance.configuration().domains.has(domain)) return notFound(path);
  const self = links(href("actionqueue", domain), "/mgmt/docs/actionqueue");
  if (method === "GET") {
    const operations = Object.fromEntries(
      Object.keys(actions).map((name) => [name, { href: `/mgmt/docs/actionqueue/${name}` }]),
    );
    return success({ _links: { ...(self._links as object), ...operations } });
  }
  if (method !== "POST") return failure(405, path, "Actions are done with POST.");
  const names = typeof body === "object" && body !== null ? Object.keys(body) : [];
  const [name = ""] = names;
  if (names.length !== 1) return failure(400, path, "The body must name one action.");
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action === undefined) return failure(400, path, `The action "${name}" is not done here.`);
  if (action === "image") return immutable(path, name);
  const text = `Action ${name} by ${account.name}`;
  instance.log({ domain, code: "8100003d", category: "audit", priority: "notice", text });
  if (action === "report") logReport(instance, domain);
  return success({ ...self, [name]: "Operation completed." });
}

/** No file can be written: the report goes to the log. */
function logReport(instance: ManagedInstance, domain: string): void {
  const { ready, services } = instance.health();
  const { rss, heapUsed } = process.memoryUsage();
  const state = services.map((each) => `${each.domain}/${each.name} ${each.state}`).join(", ");
  const text = `Error report: ${ready ? "ready" : "not ready"}; ${state || "no services"}; ${instance.drift().length} differences from the files; memory ${rss} bytes, heap ${heapUsed} bytes; up since ${instance.startedAt.toISOString()}`;
  instance.log({ domain, code: "8100003e", category: "system", priority: "notice", text });
}
