// `node fuzz/main.ts [--target NAME] [--seconds N] [--seed N]`: feeds every parser with broken input. Exit code 1 when one broke.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { inputOf } from "./mutate.ts";
import { runTarget } from "./run-target.ts";
import { targets } from "./targets.ts";

process.exitCode = await main();

async function main(): Promise<number> {
  const values = options();
  if (values === undefined) return 2;
  const seconds = Number(values.seconds);
  const seed = Number(values.seed);
  const chosen = targets.filter(
    ({ name }) => values.target === undefined || name === values.target,
  );
  if (chosen.length === 0 || !(seconds > 0) || !Number.isSafeInteger(seed)) {
    say(
      `--target is one of ${targets.map(({ name }) => name).join(", ")}; --seconds and --seed are numbers`,
    );
    return 2;
  }
  let broken = 0;
  for (const target of chosen) {
    const { inputs, discoveries } = await runTarget(target.name, seed, seconds);
    say(`${target.name}: ${inputs} inputs, ${discoveries.length} broken`);
    broken += discoveries.length;
    const corpus = await target.corpus();
    for (const { number, why } of discoveries) {
      const directory = join(import.meta.dirname, "cases", target.name);
      mkdirSync(directory, { recursive: true });
      const file = join(directory, `seed-${seed}-input-${number}`);
      writeFileSync(file, inputOf(corpus, seed, number));
      say(`  ${file}\n  ${why.replaceAll("\n", "\n  ")}`);
    }
  }
  return broken === 0 ? 0 : 1;
}

function options() {
  try {
    return parseArgs({
      options: {
        target: { type: "string" },
        seconds: { type: "string", default: "5" },
        seed: { type: "string", default: "1" },
      },
    }).values;
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
