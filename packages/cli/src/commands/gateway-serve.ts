import { lintConfiguration, loadConfiguration, openLog, serveGateway } from "@lithify/gateway";
import type { CommandSpec } from "../command.ts";
import { numberOf } from "../numbers.ts";
import { parsePort } from "../ports.ts";
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
    const gateway = await serveGateway({
      root,
      log: openLog((line) => write(line.trimEnd()), "notice"),
      signal: context.signal,
      healthPort: numberOf(options, "health", "7879", 0, 65535),
      portFor: (listener) => moved.get(listener.port) ?? listener.port,
    });
    const { ports } = gateway;
    for (const { domain, service, address, port } of ports)
      context.progress.note(`${domain}/${service} on ${address}:${port}`);
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      else context.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await gateway.close();
    return { exitCode: ports.length > 0 ? 0 : 1, document: { root, ports }, lines: [] };
  },
};
