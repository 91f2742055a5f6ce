import { type LogEvent, logLine, priorities } from "../log.ts";

/** One event as one JSON object: time, level, code, category and what else it has. */
export function logJson(event: LogEvent, at: Date): string {
  const { transaction, object } = event;
  return JSON.stringify({
    time: at.toISOString(),
    level: event.priority,
    domain: event.domain ?? "default",
    code: `0x${event.code}`,
    category: event.category,
    ...(object === undefined ? {} : { object: `${object.kind}(${object.name})` }),
    ...(transaction === undefined
      ? {}
      : {
          tid: transaction.id,
          gtid: transaction.globalId,
          client: transaction.client,
          side: transaction.side,
        }),
    message: event.text,
  });
}

/** One event as the `log-entry` element of the product's XML format (attributes not verified). */
export function logXml(event: LogEvent, at: Date, serial: number): string {
  const { transaction, object } = event;
  const level = priorities.indexOf(event.priority);
  const parts = [
    element("date", at.toUTCString()),
    element("time", "", ` utc="${at.getTime()}"`),
    element("type", event.category),
    element("class", object?.kind ?? ""),
    element("object", object?.name ?? ""),
    `<level num="${level}">${event.priority}</level>`,
    element("transaction", transaction?.id ?? ""),
    element("client", transaction?.client ?? ""),
    element("code", `0x${event.code}`),
    element("message", event.text),
  ];
  return `<log-entry serial="${serial}" domain="${escaped(event.domain ?? "default")}">${parts.join("")}</log-entry>`;
}

/** One event as comma-separated values (RFC 4180), in the order of the text format. */
export function logCsv(event: LogEvent, at: Date): string {
  const { transaction, object } = event;
  return [
    at.toISOString(),
    event.domain ?? "default",
    `0x${event.code}`,
    event.category,
    event.priority,
    object === undefined ? "" : `${object.kind}(${object.name})`,
    transaction?.id ?? "",
    transaction?.client ?? "",
    transaction?.globalId ?? "",
    event.text,
  ]
    .map((value) => (/[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value))
    .join(",");
}

/** An event in one of the formats of a log target, without a line end. */
export function formatted(format: string, event: LogEvent, at: Date, serial: number): string {
  switch (format) {
    case "xml":
      return logXml(event, at, serial);
    case "json-icp":
    case "json":
      return logJson(event, at);
    case "csv":
      return logCsv(event, at);
    default:
      return logLine(event, at);
  }
}

function element(name: string, text: string, attributes = ""): string {
  return `<${name}${attributes}>${escaped(text)}</${name}>`;
}

/** XML 1.0 text: characters that it cannot hold become question marks. */
function escaped(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "?")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
