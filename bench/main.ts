// `npm run bench [-- FIGURE ...]`: measures beside peers. All figures together write RESULTS.md and results.json.
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Bench, type Figure, openBench } from "./bench.ts";
import { root } from "./checkout.ts";
import { command } from "./commands.ts";
import { build } from "./figures/build.ts";
import { commandStart } from "./figures/command-start.ts";
import { inspection } from "./figures/inspection.ts";
import { instanceStart } from "./figures/instance-start.ts";
import { proxying } from "./figures/proxying.ts";
import { requests } from "./figures/requests.ts";
import { sealing } from "./figures/sealing.ts";
import { workers } from "./figures/workers.ts";
import { currentLoad, readMachine } from "./machine.ts";
import { type FigureResult, figureSection, type Results, resultsPage } from "./report.ts";
import { Workplace } from "./workplace.ts";

const figures: readonly Figure[] = [
  commandStart,
  build,
  sealing,
  requests,
  workers,
  proxying,
  instanceStart,
  inspection,
];

process.exitCode = await main(process.argv.slice(2));

async function main(wanted: readonly string[]): Promise<number> {
  const unknown = wanted.find((name) => !figures.some((figure) => figure.name === name));
  if (unknown !== undefined) {
    say(`${unknown} is no figure; there are ${figures.map((figure) => figure.name).join(", ")}`);
    return 2;
  }
  const chosen = figures.filter((figure) => wanted.length === 0 || wanted.includes(figure.name));
  const aborted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.on(name, () => aborted.abort(new Error(`ended by ${name}`)));
  const workplace = new Workplace({ signal: aborted.signal, say });
  try {
    const results = await measureAll(openBench(workplace), chosen);
    if (wanted.length === 0) await write(results);
    else for (const figure of results.figures) print(figure);
    return results.figures.some((figure) => figure.rows.length === 0) ? 3 : 0;
  } catch (error) {
    say(workplace.scrub(error instanceof Error ? error.message : String(error)));
    return 3;
  } finally {
    await workplace.close();
  }
}

/** A figure that fails says so in its place and does not keep the others from being measured. */
async function measureAll(bench: Bench, chosen: readonly Figure[]): Promise<Results> {
  const machine = await readMachine();
  const measured: FigureResult[] = [];
  for (const figure of chosen) {
    say(`${figure.name}: ${figure.title}`);
    measured.push(await measureOne(bench, figure));
  }
  return { machine: { ...machine, load: [...machine.load, currentLoad()] }, figures: measured };
}

async function measureOne(bench: Bench, figure: Figure): Promise<FigureResult> {
  const { name, title } = figure;
  try {
    return { name, title, ...(await figure.measure(bench)) };
  } catch (error) {
    bench.workplace.signal.throwIfAborted();
    const why = bench.workplace.scrub(error instanceof Error ? error.message : String(error));
    say(`${name} failed: ${why}`);
    const line = `failed: ${why.replace(/\s+/g, " ").slice(0, 600)}`;
    return { name, title, rows: [], notes: ["It could not be measured."], notMeasured: [line] };
  }
}

/** The numbers in the form in which the checkout keeps its JSON, so that the gate passes after a run. */
async function write(results: Results): Promise<void> {
  replace("results.json", `${JSON.stringify(results, null, 2)}\n`);
  const biome = join(root, "node_modules/.bin/biome");
  await command(biome, ["format", "--write", join(import.meta.dirname, "results.json")]);
  const names = figures.map((figure) => figure.name);
  replace("RESULTS.md", resultsPage(results, names));
  say("written: bench/RESULTS.md, bench/results.json");
}

function print(figure: FigureResult): void {
  const missing = figure.notMeasured.map((line) => `\n- not measured: ${line}`);
  process.stdout.write(`${figureSection(figure)}${missing.join("")}\n\n`);
}

function replace(name: string, text: string): void {
  const file = join(import.meta.dirname, name);
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`);
}
