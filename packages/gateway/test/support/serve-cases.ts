import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { openLog } from "../../src/log.ts";
import { serveGateway } from "../../src/serve/serve-gateway.ts";

/** Serves every case folder named on the command line; prints one JSON line: case → port or reasons. */
const [work, cases, ...names] = process.argv.slice(2) as [string, string, ...string[]];
const served: Record<string, { port: number } | { reasons: unknown }> = {};
for (const name of names) {
  const from = join(cases, name);
  const root = join(work, name);
  mkdirSync(join(root, "config/echo"), { recursive: true });
  mkdirSync(join(root, "local"), { recursive: true });
  const declared = 'top; configure terminal;\ndomain "echo"\n  visible-domain default\nexit\n';
  writeFileSync(join(root, "config/auto-startup.cfg"), declared);
  // A checkout does not hold empty directories.
  if (existsSync(join(from, "local")))
    cpSync(join(from, "local"), join(root, "local/echo"), { recursive: true });
  if (existsSync(join(from, "cert")))
    cpSync(join(from, "cert"), join(root, "usrcerts/echo"), { recursive: true });
  const backend = existsSync(join(from, "backend.txt"))
    ? await openBackend(readFileSync(join(from, "backend.txt"), "utf8"))
    : "";
  const config = readFileSync(join(from, "echo.cfg"), "utf8")
    .replaceAll("{{backend}}", backend)
    .replaceAll("{{backend-port}}", backend.split(":").at(-1) ?? "")
    // another test serves the same cases over HTTP/2
    .replaceAll('allowed-features "', `allowed-features "${process.env.ADDED_FEATURES ?? ""}`);
  writeFileSync(join(root, "config/echo/echo.cfg"), config);
  const main = join(root, "local/echo/main.js");
  if (existsSync(main)) {
    writeFileSync(main, readFileSync(main, "utf8").replaceAll("{{backend}}", backend));
  }
  const log = openLog((line) => process.stderr.write(`${name} ${line}`), "debug");
  // one that ends is never too slow, however little of the machine this process gets
  const scriptLimit = name.startsWith("endless-") ? 1500 : 60_000;
  const gateway = await serveGateway({ root, log, portFor: () => 0, scriptLimit });
  const port = gateway.ports[0]?.port;
  served[name] = port === undefined ? { reasons: gateway.health() } : { port };
}
process.stdout.write(`${JSON.stringify(served)}\n`);
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));

/** A loopback backend: `reflect` answers with what it got, else the file is its answer. */
async function openBackend(text: string): Promise<string> {
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      response.sendDate = false;
      if (request.url === "/moved") {
        response.writeHead(302, { Location: "/there" }).end();
      } else if (text.startsWith("reflect")) {
        const shown = Object.entries(request.headers)
          .filter(
            ([name]) =>
              !/^(?:host|connection|via|x-global-transaction-id|transfer-encoding)$/.test(name),
          )
          .map(([name, value]) => `${name}: ${String(value)}\n`)
          .sort();
        const head = `${request.method} ${request.url}\n${shown.join("")}\n`;
        response.setHeader("Content-Type", "text/plain");
        response.end(Buffer.concat([Buffer.from(head), ...parts]));
      } else {
        const [head = "", body = ""] = text.split("\n\n");
        const [status = "", ...headers] = head.split("\n");
        const fields = headers.map((line) => line.split(": ") as [string, string]);
        response.writeHead(Number(status.slice(0, 3)), status.slice(4), Object.fromEntries(fields));
        response.end(body);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
