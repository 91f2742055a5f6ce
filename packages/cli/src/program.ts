import { Command, Option as CommanderOption } from "commander";
import { catalogue, type Entry } from "./catalogue.ts";
import { type CommandSpec, Options } from "./command.ts";
import type { Context, Outcome } from "./context.ts";
import { version } from "./version.ts";

/** The command tree for one call: every command by name, the called one with its arguments and options. */
export async function programFor(
  argv: readonly string[],
  context: Context,
  answer: (outcome: Outcome) => void,
): Promise<Command> {
  const program = new Command("lithify")
    .description("makes container images immutable, proves it, and keeps them so")
    .version(version(), "--version", "print the version")
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      "\nExit codes: 0 yes; 1 an honest no (findings, drift, rolled back); 2 wrong usage; 3 a fault.",
    );
  const called = calledEntry(argv);
  for (const entry of catalogue) {
    const spec = entry === called ? (await entry.load()).command : undefined;
    const command = addCommand(program, entry, spec);
    if (spec !== undefined) declare(command, spec, context, answer);
  }
  return program;
}

/** `--json` and `--quiet` before the command count as if they stood behind it. */
export function withFlagsLast(argv: readonly string[]): readonly string[] {
  const first = argv.findIndex((word) => word !== "--json" && word !== "--quiet");
  const words = calledEntry(argv)?.name.split(" ").length;
  if (first <= 0 || words === undefined) return argv;
  const end = first + words;
  return [...argv.slice(first, end), ...argv.slice(0, first), ...argv.slice(end)];
}

function calledEntry(argv: readonly string[]): Entry | undefined {
  const words = argv.filter((word) => !word.startsWith("-"));
  if (words[0] === "help") words.shift();
  return (
    catalogue.find((entry) => entry.name === words.slice(0, 2).join(" ")) ??
    catalogue.find((entry) => entry.name === words[0])
  );
}

/** Adds `rollout start` below a group `rollout`, which is made at its first command. */
function addCommand(program: Command, entry: Entry, spec: CommandSpec | undefined): Command {
  const [first = "", second] = entry.name.split(" ");
  const usage = (name: string): string =>
    spec === undefined ? name : `${name} ${spec.args}`.trim();
  const silent = (command: Command): Command =>
    command
      .exitOverride()
      .configureOutput({ writeErr: () => {} })
      .showSuggestionAfterError();
  if (second === undefined) return silent(program.command(usage(first)).summary(entry.summary));
  const group =
    program.commands.find((command) => command.name() === first) ??
    silent(program.command(first).summary(groupSummaries[first] ?? ""));
  return silent(group.command(usage(second)).summary(entry.summary));
}

const groupSummaries: Readonly<Record<string, string>> = {
  volume: "protected trees as a read-only volume of their own",
  rollout: "canary of one sealed digest against another",
  gateway: "the gateway and its configuration",
};

function declare(
  command: Command,
  spec: CommandSpec,
  context: Context,
  answer: (outcome: Outcome) => void,
): void {
  command.description(command.summary());
  for (const { flags, about, isList, isRequired } of spec.options) {
    const option = new CommanderOption(flags, about);
    if (isRequired) option.makeOptionMandatory();
    if (isList)
      option.argParser((value: string, previous: readonly string[] = []) => [...previous, value]);
    command.addOption(option);
  }
  command.option("--json", "print exactly one JSON document on standard output");
  command.option("--quiet", "say nothing about progress");
  command.addHelpText(
    "after",
    `\nExamples:\n${spec.examples.map((line) => `  ${line}`).join("\n")}`,
  );
  command.action(async () => {
    const args = command.args;
    const options = new Options(command.opts());
    answer(await spec.run(context, args, options));
  });
}
