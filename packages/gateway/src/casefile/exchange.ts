import { readFileSync } from "node:fs";
import { type ClientRequest, request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import type { ServedPort } from "../serve/gateway-options.ts";
import type { ActualMessage } from "./compare-message.ts";
import type { GatewayCase } from "./read-cases.ts";

/** Sends the request of a case to a port and gives the answer; rejects when there is none in time. */
export function exchange(
  port: ServedPort,
  tested: GatewayCase,
  timeout: number,
): Promise<ActualMessage> {
  return new Promise((resolve, reject) => {
    const outgoing = begin(port, tested, timeout);
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer in ${timeout} ms`)));
    outgoing.on("error", reject);
    outgoing.on("response", (incoming) => {
      const parts: Buffer[] = [];
      incoming.on("data", (part: Buffer) => parts.push(part));
      incoming.on("error", reject);
      incoming.on("end", () =>
        resolve({
          status: incoming.statusCode ?? 0,
          header: (name) => incoming.headersDistinct[name.toLowerCase()]?.join(", "),
          body: Buffer.concat(parts).toString("utf8"),
        }),
      );
    });
    outgoing.end(tested.request.body);
  });
}

/** Over TLS the Host names the server; its certificate is whatever it is. */
function begin(
  { port, secure }: ServedPort,
  { request, client }: GatewayCase,
  timeout: number,
): ClientRequest {
  const { method, path, headers, body } = request;
  const options: RequestOptions = {
    host: "127.0.0.1",
    port,
    method,
    path,
    agent: false,
    timeout,
    headers: {
      ...(body === "" ? {} : { "Content-Length": String(Buffer.byteLength(body)) }),
      ...Object.fromEntries(headers),
    },
  };
  if (!secure) return httpRequest(options);
  const named = [...headers].find(([name]) => name.toLowerCase() === "host")?.[1] ?? "localhost";
  const host = named.replace(/:\d+$/, "");
  return httpsRequest({
    ...options,
    rejectUnauthorized: false,
    servername: isIP(host) > 0 || host.startsWith("[") ? "" : host,
    ...(client === undefined
      ? {}
      : { cert: readFileSync(client.certificate), key: readFileSync(client.key) }),
  });
}
