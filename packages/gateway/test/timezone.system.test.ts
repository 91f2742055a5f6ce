import { expect, test } from "vitest";
import { echoService } from "./support/echo-service.ts";
import { freePort } from "./support/free-port.ts";
import { endProgram, startProgram } from "./support/gateway-program.ts";
import { exchange } from "./support/raw-client.ts";
import { treeOf } from "./support/tree.ts";

test.each([
  ["IST-5:30", "5:30"],
  ["UTC", "0:00"],
  ["Nowhere", "9:00"],
])("timezone %s: local time of scripts is %s ahead", async (zone, ahead) => {
  const port = await freePort();
  using tree = treeOf({
    "config/auto-startup.cfg": `timezone "${zone}"\ndomain "d"\nexit\n`,
    "config/d/d.cfg": `source-http "front"
  allowed-features "HTTP-1.1+GET"
  local-address 127.0.0.1
  port ${port}
exit
${echoService(["front"])}`,
    "local/d/main.js": `const date = new Date(1700000000000);
const ahead = -date.getTimezoneOffset();
session.output.write(\`\${Math.floor(ahead / 60)}:\${String(ahead % 60).padStart(2, "0")}\`);`,
  });
  const child = await startProgram(tree.root, port, { TZ: "Asia/Tokyo" });
  try {
    const request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    expect(await exchange(port, request)).toContain(`\r\n${ahead}\r\n`);
  } finally {
    expect(await endProgram(child)).toBe(0);
  }
});
