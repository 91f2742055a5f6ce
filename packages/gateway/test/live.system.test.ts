import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type LiveChange, serveLive } from "../src/live/serve-live.ts";
import { treeOf } from "./support/tree.ts";

const example = join(import.meta.dirname, "../../../examples/echo-gateway/src");
const read = (name: string): string => readFileSync(join(example, name), "utf8");

test("changes are taken up, what is broken is not, and what was served goes on", async () => {
  using tree = treeOf({
    "config/auto-startup.cfg": read("config/auto-startup.cfg"),
    "config/echo/echo.cfg": read("config/echo/echo.cfg"),
    "local/echo/echo.js": "session.output.write('one');",
  });
  const changes: LiveChange[] = [];
  const logged: string[] = [];
  let heard: () => void = () => {};
  const live = await serveLive({
    root: tree.root,
    log: ({ text }) => logged.push(text),
    portFor: () => 0,
    drainDeadline: 500,
    changed: (change) => {
      changes.push(change);
      heard();
    },
  });
  const ask = async (): Promise<string> => {
    const port = live.current.ports[0]!.port;
    const answer = await fetch(`http://127.0.0.1:${port}/`, { headers: { Connection: "close" } });
    return answer.text();
  };
  const write = async (name: string, text: string): Promise<LiveChange> => {
    const told = new Promise<void>((resolve) => {
      heard = resolve;
    });
    writeFileSync(join(tree.root, name), text);
    await told;
    return changes.at(-1)!;
  };
  try {
    expect(await ask()).toBe("one");
    expect(logged).toContain(`Service installed on port ${live.current.ports[0]!.port}`);
    const script = await write("local/echo/echo.js", "session.output.write('two');");
    expect(script).toMatchObject({ outcome: "served", files: ["local/echo/echo.js"] });
    expect(await ask()).toBe("two");
    const config = read("config/echo/echo.cfg");
    const cut = await write("config/echo/echo.cfg", config.slice(0, config.length / 2));
    expect(cut).toMatchObject({ outcome: "kept", why: expect.stringContaining("echo.cfg") });
    expect(await ask()).toBe("two");
    const unserved = config.replace("request-type preprocessed", "request-type soap-with-care");
    expect(await write("config/echo/echo.cfg", unserved)).toMatchObject({ outcome: "kept" });
    expect(await ask()).toBe("two");
    const other = config.replace("max-url-len 16384", "max-url-len 4096");
    expect(await write("config/echo/echo.cfg", other)).toMatchObject({
      outcome: "served",
      differences: [{ property: "max-url-len", was: 16384, is: 4096 }],
    });
    expect(await ask()).toBe("two");
  } finally {
    await live.close();
  }
});
