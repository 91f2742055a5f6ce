import { http } from "./node-http.ts";

/** What the health page says. `ready` only while every enabled service is up. */
export interface Health {
  readonly ready: boolean;
  readonly services: readonly {
    readonly domain: string;
    readonly name: string;
    readonly kind: string;
    readonly state: "up" | "down" | "disabled";
    readonly reasons: readonly string[];
  }[];
}

/** A health page that is being served. */
export interface HealthPage {
  readonly port: number;
  close(): Promise<void>;
}

/** What else the health page answers, by its path, each as a text of this type. */
export type HealthPages = Readonly<
  Record<string, { readonly type: string; readonly text: () => Promise<string> }>
>;

/**
 * `GET /` answers 200 with the health as JSON when ready, else 503; `pages` answer what they give.
 * Rejects when the port is taken.
 */
export function openHealthPage(
  port: number,
  health: () => Health,
  pages: HealthPages = {},
): Promise<HealthPage> {
  const server = http.createServer((request, response) => {
    const path = (request.url ?? "").split("?", 1)[0]!;
    const page = Object.hasOwn(pages, path) ? pages[path] : undefined;
    if (page !== undefined) {
      page.text().then(
        (text) => {
          response.setHeader("Content-Type", page.type);
          response.end(text);
        },
        (error: Error) => {
          response.statusCode = 500;
          response.end(`${error.message}\n`);
        },
      );
      return;
    }
    const now = health();
    const found = path === "/";
    response.statusCode = found ? (now.ready ? 200 : 503) : 404;
    response.setHeader("Content-Type", "application/json");
    const here = ["/", ...Object.keys(pages)].join(", ");
    response.end(`${JSON.stringify(found ? now : { error: `only ${here} is here` })}\n`);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, () => {
      const address = server.address();
      resolve({
        port: typeof address === "object" && address !== null ? address.port : port,
        close: () =>
          new Promise((closed) => {
            server.close(() => closed());
            server.closeAllConnections();
          }),
      });
    });
  });
}
