import type { Instance } from "@lithify/engine";
import type { CommandSpec } from "../command.ts";
import { table } from "../style.ts";

export const command: CommandSpec = {
  args: "",
  options: [
    { flags: "-a, --all", about: "ended instances too" },
    { flags: "--engine <name>", about: "local or docker; else LITHIFY_ENGINE, else local" },
  ],
  examples: ["lithify ps", "lithify ps --all --json"],
  async run(context, _args, options) {
    const engine = await context.wire.engine(options.text("engine"));
    const rows = await Promise.all((await engine.list()).map(rowOf));
    const shown = rows.filter((row) => options.isSet("all") || row.state === "running");
    return {
      exitCode: 0,
      document: { instances: shown },
      lines: table([
        ["NAME", "IMAGE", "ROOT", "STATE", "PORTS"].map(context.style.dim),
        ...shown.map((row) => [
          row.name,
          row.image.slice("sha256:".length, "sha256:".length + 12),
          row.mutable ? context.style.warn("writable") : "read-only",
          row.state === "ended" ? `ended (${row.exitCode})` : row.state,
          row.ports.join(", "),
        ]),
      ]),
    };
  },
};

async function rowOf(instance: Instance): Promise<{
  readonly name: string;
  readonly id: string;
  readonly image: string;
  readonly mutable: boolean;
  readonly state: "running" | "ended";
  readonly exitCode?: number;
  readonly ports: readonly string[];
  readonly startedAt: string;
}> {
  const state = await instance.state();
  return {
    name: instance.name,
    id: instance.id,
    image: instance.image,
    mutable: instance.mutable,
    state: state.answer,
    ...(state.answer === "ended" ? { exitCode: state.exitCode } : {}),
    ports: instance.published.map((port) => `${port.host}:${port.hostPort}->${port.containerPort}`),
    startedAt: new Date(instance.startedAt).toISOString(),
  };
}
