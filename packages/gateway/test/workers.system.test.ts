import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort } from "./support/free-port.ts";
import { endProgram, startProgram } from "./support/gateway-program.ts";
import { exchange } from "./support/raw-client.ts";
import { treeOf } from "./support/tree.ts";

const example = join(import.meta.dirname, "../../../examples/echo-gateway/src");
const read = (name: string): string => readFileSync(join(example, name), "utf8");

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return text.split(" ").filter(Boolean).map(Number);
}

test("workers share the port; one that dies is started again, and all end together", async () => {
  const port = await freePort();
  using tree = treeOf({
    "config/auto-startup.cfg": read("config/auto-startup.cfg"),
    "config/echo/echo.cfg": read("config/echo/echo.cfg").replace("port 8080", `port ${port}`),
    "local/echo/echo.js": read("local/echo/echo.js"),
  });
  const health = await freePort();
  const child = await startProgram(tree.root, port, {
    DATAPOWER_WORKER_THREADS: "2",
    GATEWAY_HEALTH_PORT: String(health),
  });
  const ready = async (): Promise<boolean> =>
    fetch(`http://127.0.0.1:${health}/`).then(
      ({ ok }) => ok,
      () => false,
    );
  const ask = (): Promise<string> =>
    exchange(port, "GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  await expect.poll(ready, { timeout: 5000 }).toBe(true);
  const before = childrenOf(child.pid!);
  try {
    expect(before).toHaveLength(2);
    process.kill(before[0]!, "SIGKILL");
    await expect.poll(() => childrenOf(child.pid!).includes(before[0]!)).toBe(false);
    for (let n = 0; n < 5; n++) expect(await ask()).toContain('"uri":"/a"');
    await expect.poll(() => childrenOf(child.pid!).length, { timeout: 5000 }).toBe(2);
    for (let n = 0; n < 5; n++) expect(await ask()).toContain('"uri":"/a"');
  } finally {
    expect(await endProgram(child)).toBe(0);
  }
  for (const pid of before) expect(() => process.kill(pid, 0)).toThrow();
});
