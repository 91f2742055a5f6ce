import { Fault } from "@lithify/fault";
import { CommanderError } from "commander";
import type { Context, Outcome } from "./context.ts";
import { faultLines, faultOf } from "./print-fault.ts";
import { programFor, withFlagsLast } from "./program.ts";
import { progressOn } from "./progress.ts";
import { styleFor, wantsColor } from "./style.ts";
import { wireFor } from "./wire.ts";

/** Runs one command line (without the program's name); resolves to the exit code: 0, 1, 2 or 3. */
export async function main(given: readonly string[]): Promise<number> {
  const argv = withFlagsLast(given);
  const isJson = argv.slice(0, argv.indexOf("--") + 1 || undefined).includes("--json");
  const { stdout, stderr, env } = process;
  const errorStyle = styleFor(wantsColor(env, stderr.isTTY === true));
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  // A reader that has seen enough (`| head`) ends the command, and is no fault.
  let isCut = false;
  const cut = (): void => {
    isCut = true;
    stop.abort();
  };
  stdout.once("error", cut);
  const progress = progressOn(stderr, errorStyle, argv.includes("--quiet"));
  const context: Context = {
    wire: wireFor(env),
    env,
    cwd: process.cwd(),
    signal: stop.signal,
    progress,
    style: styleFor(wantsColor(env, stdout.isTTY === true)),
    isJson,
    print: (line) => stdout.write(`${line}\n`),
  };
  try {
    const outcome = await parse(argv, context);
    progress.end();
    if (outcome !== undefined) await write(stdout, outcome, isJson);
    return outcome?.exitCode ?? 0;
  } catch (error) {
    progress.end();
    if (isCut) return 0;
    const fault = faultOf(error, stop.signal);
    if (isJson) await writeText(stdout, `${JSON.stringify({ error: fault })}\n`);
    stderr.write(`${faultLines(fault, errorStyle).join("\n")}\n`);
    if (env.LITHIFY_DEBUG)
      stderr.write(`${fault.stack}\n${String((fault.cause as Error)?.stack)}\n`);
    return fault.exitCode;
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
    stdout.off("error", cut);
  }
}

/** Undefined when only help or the version was asked for. */
async function parse(argv: readonly string[], context: Context): Promise<Outcome | undefined> {
  let outcome: Outcome | undefined;
  const program = await programFor(argv, context, (result) => {
    outcome = result;
  });
  try {
    await program.parseAsync(argv as string[], { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    if (error.code === "commander.help")
      throw new Fault("USAGE", "the command line", {
        why: "it names no command",
        hint: "lithify --help lists the commands.",
      });
    const why = error.message
      .replace(/^error: /, "")
      .replace(/\n\(Did you mean (.*)\?\)$/, "; did you mean $1?");
    throw new Fault("USAGE", "the command line", { why });
  }
  return outcome;
}

async function write(stdout: NodeJS.WriteStream, outcome: Outcome, isJson: boolean): Promise<void> {
  if (isJson) await writeText(stdout, `${JSON.stringify(outcome.document)}\n`);
  else if (outcome.lines.length > 0) await writeText(stdout, `${outcome.lines.join("\n")}\n`);
}

/** Waits until the text is handed over, so that a pipe gets all of it before the process ends. */
function writeText(stdout: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) =>
    stdout.write(text, (error) => (error ? reject(error) : resolve())),
  );
}
