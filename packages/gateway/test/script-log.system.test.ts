import { expect, test } from "vitest";
import { openLog } from "../src/log.ts";
import { serveGateway } from "../src/serve/serve-gateway.ts";
import { echoService } from "./support/echo-service.ts";
import { treeOf } from "./support/tree.ts";

const config = `source-http "front"
  allowed-features "HTTP-1.1+GET"
  local-address 127.0.0.1
  port 8080
exit
${echoService(["front"])}`;

const script = `const helper = require('./lib.js');
const levels = ['log', 'debug', 'trace', 'info', 'notice', 'warn', 'error', 'critical', 'alert', 'emerg'];
if (require('service-metadata').URI === '/throw') helper.fail();
for (const level of levels) console[level]('%s', level);
console.options({ category: 'mine' }).error({ a: [1] });
console.info('a line\\nand another');
session.output.write('x');
`;

/** What a script tells the log, and what the log tells of a script. */
test("the priorities of console, its category, and a stack that ends with the script", async () => {
  using tree = treeOf({
    "config/auto-startup.cfg": 'domain "d"\nexit\n',
    "config/d/d.cfg": config,
    "local/d/main.js": script,
    "local/d/lib.js": "exports.fail = function fail() {\n  throw new RangeError('too far');\n};\n",
  });
  const lines: string[] = [];
  const log = openLog((line) => lines.push(line), "debug");
  const gateway = await serveGateway({ root: tree.root, log, portFor: () => 0 });
  const ask = async (path: string): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${gateway.ports[0]!.port}${path}`);
    await answer.text();
  };
  try {
    await ask("/");
    const own = lines
      .filter((line) => line.includes("[0x8580005c]"))
      .map((line) =>
        /\]\[([\w-]+)\]\[(\w+)\] gatewayscript\(script\): tid.*?: (.*)/s
          .exec(line)
          ?.slice(1)
          .join(" "),
      );
    expect(own.map((line) => line?.trimEnd())).toEqual([
      "gatewayscript-user info log",
      "gatewayscript-user debug debug",
      "gatewayscript-user debug trace",
      "gatewayscript-user info info",
      "gatewayscript-user notice notice",
      "gatewayscript-user warn warn",
      "gatewayscript-user error error",
      "gatewayscript-user critic critical",
      "gatewayscript-user alert alert",
      "gatewayscript-user emerg emerg",
      "mine error { a: [ 1 ] }",
      "gatewayscript-user info a line and another",
    ]);
    expect(lines.join("")).toContain("[0x8580009e]");
    await ask("/throw");
    const failed = lines.find((line) => line.includes("action script failed"));
    expect(failed).toMatch(
      /RangeError: too far at .*\.\/lib\.js:2:9\)? at local:\/\/\/main\.js:3:\d+\s*$/,
    );
  } finally {
    await gateway.close();
  }
});
