import type { InstanceCounts } from "../../serve/process-counts.ts";
import type { Account } from "../authenticate.ts";
import type { ManagedInstance } from "../instance.ts";
import { pageStyle } from "./page-style.ts";

/** Rows of a table that are shown. */
const mostRows = 500;
const mostLogLines = 60;

/** The status page as HTML; whoever is held to some domains sees those. */
export function renderPage(
  instance: ManagedInstance,
  counts: InstanceCounts,
  account: Account,
  now: Date,
): string {
  const sees = (domain: string): boolean => account.domains?.has(domain) !== false;
  const { ready } = instance.health();
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="15">
<meta name="color-scheme" content="light dark">
<title>${ready ? "ready" : "not ready"} · gateway</title>
<style>${pageStyle}</style></head><body>
<header><h1>Gateway</h1>${mark(ready ? "good" : "bad", ready ? "ready" : "not ready")}
<p>version ${text(instance.version)} · up ${duration(now.getTime() - instance.startedAt.getTime())} · ${counts.processes.length} ${counts.processes.length === 1 ? "process" : "processes"} · ${text(now.toISOString().slice(0, 19).replace("T", " "))} UTC</p></header>
<main>
${section("Services", servicesTable(instance, counts, sees))}
${section("Listeners", listenersTable(instance, sees))}
${section("Domains", domainsTable(instance, sees))}
${section("Immutability", immutability(instance, sees))}
${section("Processes", processesTable(counts))}
${section("Log targets", targetsTable(instance, sees))}
${account.domains === undefined ? section("Log, latest first", logLines(instance)) : ""}
</main></body></html>
`;
}

function servicesTable(
  instance: ManagedInstance,
  { services: counted }: InstanceCounts,
  sees: (domain: string) => boolean,
): string {
  const rows = instance
    .health()
    .services.filter(({ domain }) => sees(domain))
    .map(({ domain, name, kind, state, reasons }) => {
      const own = counted.find((each) => each.domain === domain && each.service === name);
      const total = own?.classes.reduce((sum, value) => sum + value, 0) ?? 0;
      const [, , , , clientErrors = 0, serverErrors = 0] = own?.classes ?? [];
      const mean =
        own === undefined || total === 0 ? "–" : `${((own.seconds / total) * 1000).toFixed(1)} ms`;
      const tone = state === "up" ? "good" : state === "down" ? "bad" : "calm";
      const why = reasons.map((reason) => `<div class="why">${text(reason)}</div>`).join("");
      return [
        `${mark(tone, state)}`,
        `<b>${text(name)}</b> <span class="dim">${text(domain)} · ${text(kind)}</span>${why}`,
        number(total),
        number(own?.recent[1] ?? 0),
        `${number(clientErrors)} / ${number(serverErrors)}`,
        mean,
        number(own?.inFlight ?? 0),
      ];
    });
  const heads = ["State", "Service", "Requests", "Last minute", "4xx / 5xx", "Mean", "In flight"];
  return table(heads, rows, "There are no services.");
}

function listenersTable(instance: ManagedInstance, sees: (domain: string) => boolean): string {
  const rows = instance
    .ports()
    .filter(({ domain }) => sees(domain))
    .map(({ domain, service, handler, address, port }) => [
      `<code>${text(address)}:${port}</code>`,
      text(handler),
      `${text(domain)}/${text(service)}`,
    ]);
  return table(["Address", "Handler", "Service"], rows, "Nothing listens.");
}

function domainsTable(instance: ManagedInstance, sees: (domain: string) => boolean): string {
  const drift = instance.drift();
  const rows = [...instance.configuration().domains.values()]
    .filter(({ name }) => sees(name))
    .map(({ name, whole, objects, files }) => {
      const changed = drift.filter(({ domain }) => domain === name).length;
      return [
        mark(whole ? "good" : "bad", whole ? "whole" : "broken"),
        `<b>${text(name)}</b>`,
        number(objects.size),
        `<div>${files.map((file) => `<code>${text(file)}</code>`).join("<br>") || "–"}</div>`,
        changed === 0 ? "none" : mark("warn", `${changed}`),
      ];
    });
  return table(["State", "Domain", "Objects", "Files", "Differences"], rows, "");
}

function immutability(instance: ManagedInstance, sees: (domain: string) => boolean): string {
  const trees = instance
    .trees()
    .map(({ tree, answer, witness }) => [
      mark(answer === "immutable" ? "good" : answer === "absent" ? "calm" : "warn", answer),
      `<code>${text(tree)}</code>${witness === undefined ? "" : `<div class="why">${text(witness)}</div>`}`,
    ]);
  const changes =
    instance.change === undefined
      ? "Management is read-only."
      : "Management may change objects in memory; a change is gone at the next start.";
  const list = instance
    .drift()
    .filter(({ domain }) => sees(domain))
    .map((each) => {
      const what =
        each.of === "file" ? each.file : each.of === "domain" ? "the domain" : each.object;
      const property = each.of === "property" ? ` ${each.property}` : "";
      return `<li>${text(`${each.change}: ${each.domain}, ${what}${property}`)}</li>`;
    });
  const drift = list.length === 0 ? "" : `<ul>${list.slice(0, mostRows).join("")}</ul>`;
  return `${table(["Answer", "Tree"], trees, "")}<p>${changes} ${
    list.length === 0
      ? "What is served is what the files say."
      : `${mark("warn", `${list.length} difference${list.length === 1 ? "" : "s"} from the files`)}`
  }</p>${drift}`;
}

function processesTable({ processes, restarts, scriptStops }: InstanceCounts): string {
  const rows = processes.map(({ pid, resident, heap, cpu, lag, connections }) => [
    String(pid),
    `${(resident / 1_048_576).toFixed(0)} MiB`,
    `${(heap / 1_048_576).toFixed(0)} MiB`,
    `${cpu.toFixed(1)} s`,
    `${(lag.p99 * 1000).toFixed(1)} ms`,
    number(connections.open),
  ]);
  const heads = ["Process", "Memory", "Heap", "Processor", "Loop delay (p99)", "Connections"];
  return `${table(heads, rows, "")}<p>${number(restarts)} restarts of workers, ${number(scriptStops)} scripts stopped.</p>`;
}

function targetsTable(instance: ManagedInstance, sees: (domain: string) => boolean): string {
  const rows = instance.logs
    .targets()
    .filter(({ domain }) => sees(domain))
    .map(({ domain, name, type, written, dropped, why }) => [
      mark(why === undefined ? "good" : "bad", why === undefined ? "up" : "down"),
      `<b>${text(name)}</b> <span class="dim">${text(domain)} · ${text(type)}</span>${why === undefined ? "" : `<div class="why">${text(why)}</div>`}`,
      number(written),
      number(dropped),
    ]);
  return table(["State", "Target", "Written", "Dropped"], rows, "There are no log targets.");
}

function logLines(instance: ManagedInstance): string {
  const lines = instance.logs.recent().slice(-mostLogLines).reverse();
  const shown = lines.map((line) => {
    const level = /\]\[(emerg|alert|critic|error|warn)\] /.exec(line)?.[1];
    const tone = level === undefined ? "" : level === "warn" ? "warn" : "bad";
    return `<div${tone === "" ? "" : ` class="${tone}"`}>${text(line)}</div>`;
  });
  return `<div class="log">${shown.join("") || "No line at notice or above."}</div>`;
}

function section(title: string, body: string): string {
  return `<section><h2>${title}</h2>${body}</section>`;
}

/** A table; on a narrow screen each cell says its column. */
function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  none: string,
): string {
  if (rows.length === 0) return `<p class="dim">${none}</p>`;
  const head = heads.map((each) => `<th>${each}</th>`).join("");
  const body = rows
    .slice(0, mostRows)
    .map(
      (row) =>
        `<tr>${row.map((cell, at) => `<td data-head="${heads[at]}">${cell}</td>`).join("")}</tr>`,
    );
  const rest = rows.length > mostRows ? `<p>${rows.length - mostRows} more are not shown.</p>` : "";
  return `<table><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>${rest}`;
}

function mark(tone: "good" | "bad" | "warn" | "calm", word: string): string {
  return `<span class="mark ${tone}">${text(word)}</span>`;
}

function number(value: number): string {
  return value.toLocaleString("en-US").replaceAll(",", "\u202f");
}

function duration(milliseconds: number): string {
  const minutes = Math.trunc(milliseconds / 60_000);
  if (minutes < 1) return `${Math.trunc(milliseconds / 1000)} s`;
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.trunc(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.trunc(hours / 24)} days`;
}

function text(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
