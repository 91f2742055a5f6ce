import { readdirSync, readFileSync } from "node:fs";
import { connect } from "node:http2";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type CaseServer, serveCases } from "./support/case-server.ts";
import { wireForm } from "./support/raw-client.ts";

/**
 * The golden exchanges over HTTP/2: what rules see and what clients get is the same. Left out is
 * `header-metadata`, which shows the names of headers: they are lower-case here, firewalls and the
 * `default-features`, which are HTTP/1 alone, and `connection-variables`, with two requests on one
 * connection.
 */
const cases = join(import.meta.dirname, "cases/exchanges");
const names = readdirSync(cases)
  .filter(
    (name) => !/^(?:header-metadata|connection-variables|default-features|firewall-.*)$/.test(name),
  )
  .sort();
let server: CaseServer;

/** What only HTTP/1.1 can say; a case that needs more than this list would be a difference. */
const onlyHttp1 = /^[A-Z]+ http:|HTTP\/1\.0|^Expect:|^Upgrade:|^Transfer-Encoding:|^[A-Z]+ \/.*#/m;

/** One header line less: there is none for the connection. */
const different: ReadonlySet<string> = new Set(["limits/5.request"]);

beforeAll(async () => {
  server = await serveCases(cases, names, { ADDED_FEATURES: "HTTP-2.0+" });
});
afterAll(() => server.stop());

describe.each(names)("%s", (name) => {
  const requests = readdirSync(join(cases, name))
    .filter((file) => file.endsWith(".request"))
    .filter((file) => !different.has(`${name}/${file}`))
    .filter((file) => !onlyHttp1.test(readFileSync(join(cases, name, file), "utf8")))
    .sort();
  test.skipIf(requests.length === 0).each(requests)("%s", async (file) => {
    const { port, reasons } = server.ports[name]!;
    expect(reasons).toBeUndefined();
    const expected = readFileSync(join(cases, name, file.replace("request", "response")), "utf8");
    const shown = await askHttp2(port!, readFileSync(join(cases, name, file), "utf8"));
    const value = /^x-global-transaction-id: ([0-9a-f]{24})/m.exec(shown)?.[1];
    const wanted = withoutConnection(expected).replaceAll("{{any}}", value ?? "(an id)");
    expect(shown).toBe(wanted);
  });
});

test("the process that served all of it is still alive", () => {
  expect(server.exitCode).toBeNull();
});

/** Sends the request of a case file, and gives its answer in the form of `withoutConnection`. */
function askHttp2(port: number, text: string): Promise<string> {
  const wire = wireForm(text);
  const end = wire.indexOf("\r\n\r\n");
  const body = text.includes("\n\n") ? wire.subarray(end + 4) : undefined;
  const [line = "", ...fields] = wire.toString("utf8", 0, end).split("\r\n");
  const [method, path] = line.split(" ");
  const headers: Record<string, string | string[]> = { ":method": method!, ":path": path! };
  for (const field of fields) {
    const [name = "", value = ""] = field.split(/: ?(.*)/s);
    const key = name.toLowerCase() === "host" ? ":authority" : name.toLowerCase();
    if (key === "connection") continue;
    const known = headers[key];
    headers[key] = known === undefined ? value : [known, value].flat();
  }
  return new Promise((resolve, reject) => {
    const session = connect(`http://127.0.0.1:${port}`);
    session.on("error", reject);
    const stream = session.request(headers, { endStream: body === undefined });
    let shown = "";
    stream.on("response", (answer, _flags, raw?: string[]) => {
      const lines: string[] = [];
      for (let at = 0; at < raw!.length; at += 2) {
        if (!raw![at]!.startsWith(":")) lines.push(`${raw![at]}: ${raw![at + 1]}\n`);
      }
      shown = `${answer[":status"]}\n${lines.join("")}\n`;
    });
    stream.setEncoding("utf8");
    stream.on("data", (part) => {
      shown += String(part);
    });
    stream.on("error", reject);
    stream.on("close", () => {
      session.close();
      resolve(shown);
    });
    if (body !== undefined) stream.end(body);
  });
}

/** An HTTP/1.1 answer of a case file without what is about its connection; its body unchunked. */
function withoutConnection(text: string): string {
  const end = text.indexOf("\n\n");
  const [line = "", ...fields] = text.slice(0, end).split("\n");
  const kept = fields.filter(
    (field) => !/^(?:connection|transfer-encoding|content-length):/i.test(field),
  );
  const chunked = fields.some((field) => /^transfer-encoding:/i.test(field));
  const body = text.slice(end + 2);
  const lower = kept.map((field) => field.replace(/^[^:]*/, (name) => name.toLowerCase()));
  const head = `${line.split(" ")[1]}\n${lower.map((field) => `${field}\n`).join("")}\n`;
  return head + (chunked ? unchunked(body) : body);
}

/** Sizes count bytes of the wire, where each newline of the shown text may have been two. */
function unchunked(body: string): string {
  let rest = Buffer.from(body);
  let text = "";
  while (rest.length > 0) {
    const end = rest.indexOf("\n");
    const size = Number.parseInt(rest.toString("utf8", 0, end), 16);
    if (!(size > 0)) return text;
    text += rest.toString("utf8", end + 1, end + 1 + size);
    rest = rest.subarray(end + 1 + size + 1);
  }
  return text;
}
