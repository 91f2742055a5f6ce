import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { faultBody } from "../src/answer/fault-answer.ts";
import { fieldsOfType, isBitmap, kindOfAlias } from "../src/catalogue.ts";
import { fileOfUrl } from "../src/config/locations.ts";
import { readEnvironment } from "../src/environment.ts";
import { Headers } from "../src/http/headers.ts";
import { logLine, openLog } from "../src/log.ts";
import { isWritableVariable } from "../src/plan/variable-table.ts";
import { formatText } from "../src/script/format-text.ts";

const at = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 67));

describe("a log line", () => {
  test("has every part in its place, the default domain left out", () => {
    const event = {
      domain: "echo",
      code: "8580005c",
      category: "mine",
      priority: "info",
      object: { kind: "mpgw", name: "echo" },
      transaction: { id: "7", side: "request", client: "10.0.0.1", globalId: "ab" },
      text: "two\n  lines",
    } as const;
    expect(logLine(event, at)).toBe(
      "20260102T030405.067Z [echo][0x8580005c][mine][info] mpgw(echo): tid(7)[request][10.0.0.1] gtid(ab): two lines",
    );
    expect(
      logLine(
        { domain: "default", code: "00350014", category: "mgmt", priority: "notice", text: "up" },
        at,
      ),
    ).toBe("20260102T030405.067Z [0x00350014][mgmt][notice] up");
  });

  test("is written when it is urgent enough", () => {
    const lines: string[] = [];
    const log = openLog(
      (line) => lines.push(line),
      "warn",
      () => at,
    );
    for (const priority of ["info", "warn", "emerg"] as const) {
      log({ code: "00000001", category: "c", priority, text: priority });
    }
    expect(lines.map((line) => line.trim().split(" ").at(-1))).toEqual(["warn", "emerg"]);
  });
});

test.each([
  [["plain"], "plain"],
  [["%s is %d", "a", 4.5], "a is 4.5"],
  [["%2$s before %1$s", "one", "two"], "two before one"],
  [["%j", { a: 1 }], '{"a":1}'],
  [["%x %b %o %c %e", 255, 5, 8, 65, 1500], "ff 101 10 A 1.5e+3"],
  [["%c%c%c", 65, 1e21, "none"], "A\uFFFD\0"],
  [["100%% of %s", "it"], "100% of it"],
  [["left", "over", { a: [1] }], "left over { a: [ 1 ] }"],
  [[{ a: 1 }], "{ a: 1 }"],
])("%j is shown as %s", (values, text) => {
  expect(formatText(values)).toBe(text);
});

describe("the environment", () => {
  test("takes its defaults", () => {
    expect(readEnvironment({})).toMatchObject({
      root: "/drouter",
      healthPort: 7879,
      logLevel: "info",
      scriptLimit: 2000,
      warnings: [],
    });
  });
  test("warns of what it does not know", () => {
    const { warnings, logLevel, healthPort } = readEnvironment({
      DATAPOWER_LOG_LEVEL: "4",
      DATAPOWER_ACEPT_LICENSE: "true",
      DATAPOWER_SOMETHING_ELSE: "1",
      GATEWAY_HEALTH_PORT: "70000",
      HOME: "/",
    });
    expect(logLevel).toBe("warn");
    expect(healthPort).toBe(7879);
    expect(warnings).toHaveLength(3);
    expect(warnings.join()).toContain("is DATAPOWER_ACCEPT_LICENSE meant?");
  });
});

test("URLs lead to the domain's own folders and never out of them", () => {
  expect(fileOfUrl("/r", "echo", "local:///echo.js")).toBe("/r/local/echo/echo.js");
  expect(fileOfUrl("/r", "default", "config:///a/b.cfg")).toBe("/r/config/a/b.cfg");
  expect(fileOfUrl("/r", "echo", "config://x.cfg")).toBe("/r/config/echo/x.cfg");
  expect(fileOfUrl("/r", "echo", "store:///identity.xsl")).toMatch(/data\/store\/identity\.xsl$/);
  expect(fileOfUrl("/r", "echo", "local:///../other/secret.js")).toBeUndefined();
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (path) => {
      const file = fileOfUrl("/r", "echo", `local:///${path}`);
      expect(
        file === undefined || file === "/r/local/echo" || file.startsWith("/r/local/echo/"),
      ).toBe(true);
    }),
  );
});

test("a fault body is XML whatever the message", () => {
  const body = faultBody('<&> "\u0000\u{1F600}', "server");
  expect(body).toContain("<faultcode>env:Server</faultcode>");
  expect(body).toContain('<faultstring>&lt;&amp;&gt; "?\u{1F600} (from server)</faultstring>');
  expect(faultBody("m", "client", "1.2")).toContain("<env:Value>env:Sender</env:Value>");
});

test("headers keep spelling and order, ignore case, and refuse what would split a message", () => {
  const headers = Headers.fromRaw(["Accept", "a", "X-Two", "1", "x-two", "2"]);
  expect(headers.get("ACCEPT")).toBe("a");
  expect(headers.values("x-TWO")).toEqual(["1", "2"]);
  expect([...headers].map(([name]) => name)).toEqual(["Accept", "X-Two"]);
  expect(headers.wasSet("accept")).toBe(false);
  headers.set("accept", ["b"]);
  expect(headers.wasSet("Accept")).toBe(true);
  expect(() => headers.set("X", ["a\r\nSet-Cookie: b"])).toThrow(TypeError);
  expect(() => headers.set("X Y", ["a"])).toThrow(TypeError);
});

test("variables that may be written", () => {
  for (const url of [
    "var://context/a",
    "var://context/a/b",
    "var://local/x",
    "var://system/a/b",
    "var://service/URI",
    "var://service/mpgw/skip-backside",
    "var://service/set-response-header/X-A",
  ]) {
    expect(isWritableVariable(url), url).toBe(true);
  }
  for (const url of [
    "var://context/",
    "var://service/domain-name",
    "var://service/unheard-of",
    "plain",
    "",
  ]) {
    expect(isWritableVariable(url), url).toBe(false);
  }
});

test("the catalogue has the kinds, and its corrections", () => {
  expect(kindOfAlias("mpgw")?.name).toBe("MultiProtocolGateway");
  expect(kindOfAlias("xml-manager")).toBe(kindOfAlias("xmlmgr"));
  expect(kindOfAlias("rest-mgmt")?.name).toBe("RestMgmtInterface");
  expect(kindOfAlias("xml-mgmt")?.name).toBe("MgmtInterface");
  expect(isBitmap("DmSourceHTTPFeatureType")).toBe(true);
  expect(isBitmap("DmMatchRule")).toBe(false);
  expect(fieldsOfType("none")).toBeUndefined();
});
