import { createSocket } from "node:dgram";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Writable } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { loadConfigurationFile } from "../src/config/load.ts";
import { LogHub } from "../src/log/log-hub.ts";
import type { LogSink } from "../src/log/log-sink.ts";
import { type LogTargetPlan, planLogTargets } from "../src/log/plan-log-targets.ts";
import { StreamSink } from "../src/log/stream-sink.ts";
import { type LogEvent, logLine } from "../src/log.ts";
import { treeOf } from "./support/tree.ts";

const nowhere: LogSink = {
  write: () => {},
  written: 0,
  dropped: 0,
  pending: 0,
  why: undefined,
  flush: () => Promise.resolve(),
  close: () => {},
};

async function hubWith(
  plans: readonly LogTargetPlan[],
  repeats = 0,
  console = nowhere,
): Promise<LogHub> {
  const hub = new LogHub({ console, level: "debug", line: logLine, color: false, repeats });
  await hub.open(plans);
  return hub;
}

function plansOf(root: string, targets: string): readonly LogTargetPlan[] {
  const file = join(root, "all.cfg");
  writeFileSync(file, `top; configure terminal;\n${targets}`);
  const configuration = loadConfigurationFile(file);
  expect(configuration.problems).toEqual([]);
  return planLogTargets({ ...configuration, root });
}

function event(text: string, more: Partial<LogEvent> = {}): LogEvent {
  return { code: "80e00001", category: "mpgw", priority: "error", text, ...more };
}

test("a file target: its categories and priorities, put aside when full", async () => {
  using tree = treeOf({});
  const plans = plansOf(
    tree.root,
    `logging target "files"
  type file
  format text
  local-file "logtemp:///deep/own.log"
  size 100
  rotate 2
  rate-limit 0
  event "mpgw" "warn"
  event "crypto" "error"
exit
`,
  );
  const hub = await hubWith(plans);
  hub.log(event("first"));
  hub.log(event("not urgent enough", { priority: "info" }));
  hub.log(event("of no category", { category: "system" }));
  hub.log(event("another category", { category: "crypto" }));
  await hub.flush(2000);
  const file = join(tree.root, "temporary/logtemp/deep/own.log");
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  expect(lines.map((line) => line.replace(/^\S+ /, ""))).toEqual([
    "[0x80e00001][mpgw][error] first",
    "[0x80e00001][crypto][error] another category",
  ]);
  for (let block = 0; block < 40; block++) {
    for (let n = 0; n < 100; n++) hub.log(event(`${block} ${n} ${"x".repeat(60)}`));
    await hub.flush(2000);
  }
  expect(existsSync(`${file}.1`) && existsSync(`${file}.2`)).toBe(true);
  expect(existsSync(`${file}.3`)).toBe(false);
  for (const name of [file, `${file}.1`, `${file}.2`]) {
    expect(statSync(name).size).toBeLessThanOrEqual(100 * 1024);
  }
  expect(readFileSync(file, "utf8")).toContain(" 39 99 x");
  expect(hub.targets()).toMatchObject([{ name: "files", written: 4002, dropped: 0, pending: 0 }]);
});

test("a file that cannot be written: dropped, counted, and said", async () => {
  using tree = treeOf({ "temporary/logtemp": "a file where a directory should be" });
  const plans = plansOf(
    tree.root,
    'logging target "files"\n type file\n format text\n local-file logtemp:///own.log\n event all error\nexit\n',
  );
  const hub = await hubWith(plans);
  hub.log(event("lost"));
  await hub.flush(2000);
  const [target] = hub.targets();
  expect(target).toMatchObject({ written: 0, dropped: 1 });
  expect(target?.why).toMatch(/ENOTDIR|EEXIST/);
  expect(hub.dropped).toBe(1);
});

test("codes, filters, objects and clients", async () => {
  using tree = treeOf({});
  const plans = plansOf(
    tree.root,
    `mpgw "echo"
exit
logging target "codes"
  type cache
  format text
  event "all" "debug"
  event-code "0x80e00001"
exit
logging target "filtered"
  type cache
  format text
  event "all" "debug"
  event-filter "0x80e00001"
exit
logging target "objects"
  type cache
  format text
  event "all" "debug"
  object "MultiProtocolGateway" "echo" off
exit
logging target "clients"
  type cache
  format text
  event "all" "debug"
  ip-filter "10.0.0.1"
exit
logging event default-log "all" "notice"
`,
  );
  const hub = await hubWith(plans);
  const about = (client: string): Partial<LogEvent> => ({
    object: { kind: "mpgw", name: "echo" },
    transaction: { id: "1", side: "request", client, globalId: "g" },
  });
  hub.log(event("one"));
  hub.log(event("two", { code: "80e00002", ...about("10.0.0.1") }));
  hub.log(event("three", { code: "80e00003", priority: "debug", ...about("10.0.0.2") }));
  const texts = (name: string): (string | undefined)[] | undefined =>
    hub.cached("default", name)?.map((line) => /\S+$/.exec(line)?.[0]);
  expect(texts("codes")).toEqual(["one"]);
  expect(texts("filtered")).toEqual(["two", "three"]);
  expect(texts("objects")).toEqual(["two", "three"]);
  expect(texts("clients")).toEqual(["two"]);
  expect(texts("default-log")).toEqual(["one", "two"]);
  expect(hub.cached("default", "none")).toBeUndefined();
});

test("the formats", async () => {
  using tree = treeOf({});
  const target = (format: string): string =>
    `logging target "${format}"\n type cache\n format ${format}\n event "all" "debug"\nexit\n`;
  const hub = await hubWith(
    plansOf(tree.root, ["xml", "json-icp", "csv", "cbe"].map(target).join("")),
  );
  hub.log(event('<a> & "b", c', { domain: "echo" }));
  const first = (name: string): string => hub.cached("default", name)?.at(-1) ?? "";
  expect(first("xml")).toContain("<message>&lt;a&gt; &amp; &quot;b&quot;, c</message>");
  expect(JSON.parse(first("json-icp"))).toMatchObject({
    domain: "echo",
    code: "0x80e00001",
    message: '<a> & "b", c',
  });
  expect(first("csv")).toMatch(/,"<a> & ""b"", c"$/);
  expect(hub.targets().find(({ name }) => name === "cbe")?.why).toBe(
    "the format cbe is not served",
  );
});

test("syslog in datagrams", async () => {
  using tree = treeOf({});
  const server = createSocket("udp4");
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.bind(0, "127.0.0.1", resolve));
  const got = new Promise<string>((resolve) =>
    server.once("message", (bytes) => resolve(bytes.toString())),
  );
  const plans = plansOf(
    tree.root,
    `logging target "remote"
  type syslog
  format text
  facility local3
  local-ident gw
  remote-address 127.0.0.1
  remote-port ${server.address().port}
  event "all" "error"
exit
`,
  );
  const hub = await hubWith(plans);
  hub.log(event("over there", { domain: "echo" }));
  expect(await got).toMatch(
    /^<155>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ gw: \[echo\]\[0x80e00001\]\[mpgw\]\[error\] over there$/,
  );
  await hub.flush(1000);
  expect(hub.targets()).toMatchObject([{ written: 1, dropped: 0 }]);
});

test("syslog on a connection: a server that is away is tried again", async () => {
  using tree = treeOf({});
  let text = "";
  const server = createServer((socket) => {
    socket.on("data", (bytes) => {
      text += String(bytes);
    });
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const plans = plansOf(
    tree.root,
    `logging target "remote"
  type syslog-tcp
  format text
  remote-address 127.0.0.1
  remote-port ${port}
  event "all" "error"
exit
`,
  );
  const hub = await hubWith(plans);
  hub.log(event("nobody there"));
  await hub.flush(3000);
  expect(hub.targets()).toMatchObject([{ written: 0, dropped: 1, why: expect.any(String) }]);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  hub.log(event("now"));
  await hub.flush(5000);
  await expect.poll(() => text, { timeout: 5000 }).toContain("now\n");
  expect(text).toContain("1 events were dropped");
  expect(hub.targets()[0]?.why).toBeUndefined();
  for (const target of plans) expect(target.retry).toBe(1000);
});

test("a reader that does not read holds nothing up: lines are dropped, counted, and said", async () => {
  const taken: string[] = [];
  let release: (() => void) | undefined;
  const slow = new Writable({
    write(chunk: Buffer, _encoding, done) {
      taken.push(chunk.toString());
      if (release === undefined) release = done;
      else done();
    },
  });
  const sink = new StreamSink(slow, (dropped) => `${dropped} lost`);
  const hub = await hubWith([], 0, sink);
  for (let n = 0; n < 3000; n++) hub.log(event(`${n} ${"x".repeat(1000)}`));
  expect(sink.dropped).toBeGreaterThan(1000);
  expect(slow.writableLength).toBeLessThan(1.1 * 1024 * 1024);
  release?.();
  await sink.flush(2000);
  hub.log(event("again"));
  await sink.flush(2000);
  expect(taken.at(-2)).toBe(`${sink.dropped} lost\n`);
  expect(taken.at(-1)).toContain("again");
});

test("lines that say the same are held back, and summed up", async () => {
  const lines: string[] = [];
  const sink = { ...nowhere, write: (line: string) => void lines.push(line) };
  const hub = await hubWith([], 3, sink);
  for (let n = 0; n < 10; n++) hub.log(event("again and again"));
  hub.log(event("another"));
  expect(lines.map((line) => line.replace(/^.*\] /, ""))).toEqual([
    "again and again",
    "again and again",
    "again and again",
    "another",
  ]);
  void hub.flush(0);
  expect(lines.at(-1)).toContain("7 more like this in 10 s: again and again");
});

test("events per second, where the target limits them", async () => {
  using tree = treeOf({});
  const plans = plansOf(
    tree.root,
    'logging target "files"\n type file\n format text\n local-file logtemp:///own.log\n rate-limit 5\n event all error\nexit\n',
  );
  const hub = await hubWith(plans);
  for (let n = 0; n < 100; n++) hub.log(event(String(n)));
  expect(hub.targets()[0]!.dropped).toBeGreaterThanOrEqual(90);
});
