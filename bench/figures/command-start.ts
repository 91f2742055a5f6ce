import { writeFileSync } from "node:fs";
import type { Figure } from "../bench.ts";
import { lithifyProgram } from "../checkout.ts";
import { command } from "../commands.ts";
import type { Row } from "../report.ts";
import { Series } from "../samples.ts";

const rounds = 20;

/** Figure 1: what every call of the command pays, beside a Node that does nothing. */
export const commandStart: Figure = {
  name: "command-start",
  title: "`lithify --version`",
  async measure({ workplace }) {
    const probe = workplace.path("peak-memory.cjs");
    writeFileSync(
      probe,
      'process.on("exit", () => process.stderr.write("peak " + process.resourceUsage().maxRSS + "\\n"));\n',
    );
    const programs = [
      ["ours", [lithifyProgram, "--version"]],
      ["floor", ["--eval", "0"]],
    ] as const;
    const series = new Series();
    for (let round = -1; round < rounds; round++)
      for (const [name, args] of programs) {
        const { seconds } = await command(process.execPath, args, { signal: workplace.signal });
        const probed = await command(process.execPath, ["--require", probe, ...args], {
          signal: workplace.signal,
        });
        if (round < 0) continue;
        series.add(`${name} time`, seconds);
        series.add(`${name} memory`, peakBytes(probed.stderr));
      }
    const beside = (what: string): NonNullable<Row["peer"]> => ({
      name: "node --eval 0",
      samples: series.of(`floor ${what}`),
    });
    return {
      rows: [
        { what: "time", unit: "s", ours: series.of("ours time"), peer: beside("time") },
        {
          what: "peak memory",
          unit: "bytes",
          ours: series.of("ours memory"),
          peer: beside("memory"),
        },
      ],
      notes: [
        `${rounds} rounds after one that is not counted. The peer is the floor: the same Node doing nothing.`,
        "Memory is the process's own maxRSS at exit, from runs of their own with one small file required before.",
      ],
      notMeasured: [],
    };
  },
};

function peakBytes(stderr: string): number {
  const text = /^peak (\d+)$/m.exec(stderr)?.[1];
  if (text === undefined) throw new Error("the memory probe did not report");
  return Number(text) * 1024;
}
