import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Fault } from "@lithify/fault";
import { printDomain } from "@lithify/gateway";
import type { CommandSpec } from "../command.ts";
import { openConfiguration } from "./gateway-diff.ts";

export const command: CommandSpec = {
  args: "[configuration]",
  options: [
    { flags: "--domain <name>", about: "only this domain" },
    { flags: "-o, --output <directory>", about: "write config/ below this directory instead" },
  ],
  examples: ["lithify gateway print saved.cfg", "lithify gateway print src --domain echo"],
  async run(context, args, options) {
    const configuration = openConfiguration(context.cwd, args[0] ?? ".");
    const only = options.text("domain");
    if (only !== undefined && !configuration.domains.has(only)) {
      throw new Fault("USAGE", `the domain ${only}`, {
        why: `the configuration has ${[...configuration.domains.keys()].join(", ")}`,
      });
    }
    const domains = [...configuration.domains.values()]
      .filter(({ name }) => only === undefined || name === only)
      .map((domain) => ({ domain: domain.name, text: printDomain(domain) }));
    const output = options.text("output");
    if (output === undefined) {
      return {
        exitCode: 0,
        document: { domains },
        lines: domains.map(({ text }) => text.trimEnd()),
      };
    }
    const files = domains.map(({ domain, text }) => {
      const own = domain === "default" ? "auto-startup.cfg" : `${domain}/${domain}.cfg`;
      const file = join(resolve(context.cwd, output), "config", own);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(`${file}.new`, text, { flush: true });
      renameSync(`${file}.new`, file);
      return file;
    });
    return { exitCode: 0, document: { files }, lines: files };
  },
};
