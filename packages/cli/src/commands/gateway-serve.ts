import { Fault, unreachable } from "@lithify/fault";
import {
  type Difference,
  type Gateway,
  type LiveChange,
  lintConfiguration,
  loadConfiguration,
  type ManagedGateway,
  type Priority,
  priorities,
  serveManaged,
  whenUnfit,
} from "@lithify/gateway";
import type { CommandSpec } from "../command.ts";
import { numberOf } from "../numbers.ts";
import { parsePort } from "../ports.ts";
import { valueChange } from "../value-change.ts";
import { configurationRoot, refuseUnreadable } from "./gateway-lint.ts";

export const command: CommandSpec = {
  args: "[directory]",
  options: [
    {
      flags: "-p, --publish <ports>",
      about: "PORT:CONFIGURED: listen elsewhere than configured",
      isList: true,
    },
    { flags: "--health <port>", about: "port of the health page (7879; 0 for any free one)" },
    { flags: "--changes", about: "management may change objects in memory; shown as drift" },
    { flags: "--log-level <priority>", about: "least urgent priority that is printed (notice)" },
  ],
  examples: ["lithify gateway serve examples/echo-gateway/src --publish 9080:8080"],
  async run(context, args, options) {
    const root = configurationRoot(context.cwd, args[0] ?? ".");
    refuseUnreadable(lintConfiguration(loadConfiguration(root)), context.cwd, root);
    const moved = new Map(
      options
        .list("publish")
        .map(parsePort)
        .map((port) => [port.containerPort, port.hostPort]),
    );
    const write = context.isJson ? context.progress.note : context.print;
    const live = await serveManaged({
      root,
      write,
      level: levelOf(options.text("log-level") ?? "notice"),
      changeable: options.isSet("changes"),
      managementPortFor: (port) => moved.get(port) ?? port,
      signal: context.signal,
      healthPort: numberOf(options, "health", "7879", 0, 65535),
      portFor: (listener) => moved.get(listener.port) ?? listener.port,
      changed: (change, gateway) => {
        for (const line of changeLines(change, gateway)) context.progress.note(line);
      },
    });
    for (const line of [...portLines(live.current), ...managementLines(live)]) {
      context.progress.note(line);
    }
    const unfit = await Promise.race([aborted(context.signal), whenUnfit()]);
    const { ports } = live.current;
    const { management } = live;
    await live.close();
    if (unfit !== undefined) {
      throw new Fault("GATEWAY_UNFIT", `cannot go on serving ${root}`, { why: unfit });
    }
    return { exitCode: ports.length > 0 ? 0 : 1, document: { root, ports, management }, lines: [] };
  },
};

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}

/** @throws Fault USAGE */
function levelOf(text: string): Priority {
  const level = priorities.find((each) => each === text);
  if (level !== undefined) return level;
  throw new Fault("USAGE", `the log level ${text}`, {
    why: `it is none of ${priorities.join(", ")}`,
  });
}

function managementLines({ management, current }: ManagedGateway): readonly string[] {
  const health = current.healthPort;
  return [
    ...management.map(({ of, port }) =>
      of === "rest"
        ? `REST management on https://127.0.0.1:${port}/mgmt/`
        : `status page on https://127.0.0.1:${port}/`,
    ),
    ...(health === undefined ? [] : [`health on http://127.0.0.1:${health}/, metrics on /metrics`]),
  ];
}

function portLines(gateway: Gateway): readonly string[] {
  return gateway.ports.map(
    ({ domain, service, address, port }) => `${domain}/${service} on ${address}:${port}`,
  );
}

/** What a change in the files has led to, for the terminal. */
function changeLines(change: LiveChange, gateway: Gateway): readonly string[] {
  if (change.outcome === "kept") return [`not taken up, serving as before: ${change.why}`];
  return [
    `taken up: ${change.files.join(", ")}`,
    ...change.differences.map(differenceLine),
    ...portLines(gateway),
  ];
}

function differenceLine(each: Difference): string {
  const what = `${each.change}: ${each.domain}`;
  switch (each.of) {
    case "domain":
      return what;
    case "object":
      return `${what}/${each.object}`;
    case "file":
      return `${each.change}: ${each.file}`;
    case "property": {
      const change = valueChange(each.was, each.is).join(", ");
      return `${what}/${each.object} ${each.property}: ${change}`;
    }
    default:
      return unreachable(each);
  }
}
