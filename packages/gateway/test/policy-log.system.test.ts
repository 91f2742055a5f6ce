import { expect, test } from "vitest";
import { proxyGateway } from "./support/proxy-gateway.ts";

/** What actions and failures of a policy leave in the log. */
test("a log action, the message that fails, and that no error rule took it", async () => {
  const objects = `logging category "audit"
exit
action "note"
  type log
  input "INPUT"
  log-level "warn"
  log-type "audit"
exit
action "fail"
  type fetch
  destination "local:///none.txt"
  output "none"
exit
`;
  await using bench = await proxyGateway([{ actions: "note fail" }], objects);
  const url = `http://127.0.0.1:${bench.port()}/`;
  const answer = await fetch(url, { method: "POST", body: "what is noted" });
  expect(answer.status).toBe(500);
  const gtid = "gtid\\([0-9a-f]{24}\\)";
  const of = `mpgw\\(s\\): tid\\(\\d+\\)\\[(?:request|error)\\]\\[127\\.0\\.0\\.1\\] ${gtid}`;
  const log = bench.log();
  expect(log).toMatch(
    new RegExp(`\\[d\\]\\[0x80c0000b\\]\\[audit\\]\\[warn\\] ${of}: .*what is noted`),
  );
  expect(log).toMatch(
    new RegExp(`\\[d\\]\\[0x80c00009\\]\\[multistep\\]\\[error\\] ${of}: .*action fail failed: `),
  );
  expect(log).toMatch(
    new RegExp(`\\[d\\]\\[0x[0-9a-f]{8}\\]\\[mpgw\\]\\[error\\] ${of}: Internal Error`),
  );
  expect(log).toMatch(
    new RegExp(`\\[d\\]\\[0x80c00017\\]\\[\\w+\\]\\[info\\] ${of}: no error rule matches`),
  );
});
