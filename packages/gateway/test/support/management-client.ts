import { Buffer } from "node:buffer";
import { request } from "node:https";

/** What an interface answered. */
export interface ManagementAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** The JSON document; an empty object for anything else. */
  readonly document: Record<string, unknown>;
}

export interface ManagementRequest {
  readonly method?: string;
  readonly user?: string | null;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Clients of the interface give up after this long, and ask again on 500 and above. */
const timeout = 30_000;
const mostTries = 3;

/** Asks as its documented clients do: TLS without a known certificate, Basic, JSON. */
export async function manage(
  port: number,
  path: string,
  { method = "GET", user = "admin:admin", body, headers = {} }: ManagementRequest = {},
): Promise<ManagementAnswer> {
  for (let tried = 1; ; tried++) {
    const answer = await once(port, path, method, user, body, headers);
    if (answer.status < 500 || tried === mostTries) return answer;
  }
}

function once(
  port: number,
  path: string,
  method: string,
  user: string | null,
  body: unknown,
  headers: Readonly<Record<string, string>>,
): Promise<ManagementAnswer> {
  return new Promise((resolve, reject) => {
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const asked = request(
      {
        host: "127.0.0.1",
        port,
        path,
        method,
        timeout,
        rejectUnauthorized: false,
        agent: false,
        headers: {
          ...headers,
          ...(user === null
            ? {}
            : { Authorization: `Basic ${Buffer.from(user).toString("base64")}` }),
          ...(bytes === undefined
            ? {}
            : { "Content-Type": "application/json", "Content-Length": bytes.length }),
        },
      },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8");
        answer.on("data", (part: string) => {
          text += part;
        });
        answer.on("end", () => {
          const type = answer.headers["content-type"] ?? "";
          const isJson = type === "application/json";
          const document = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
          resolve({ status: answer.statusCode ?? 0, type, text, document });
        });
      },
    );
    asked.on("timeout", () => asked.destroy(new Error("no answer in time")));
    asked.on("error", reject);
    asked.end(bytes);
  });
}
