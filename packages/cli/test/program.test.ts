import { CommanderError } from "commander";
import { describe, expect, it } from "vitest";
import { catalogue } from "../src/catalogue.ts";
import type { Context } from "../src/context.ts";
import { programFor } from "../src/program.ts";
import { progressOn } from "../src/progress.ts";
import { styleFor } from "../src/style.ts";

const neverOpened = (): Promise<never> => Promise.reject(new Error("a backend was opened"));

const context: Context = {
  wire: {
    store: neverOpened,
    engine: neverOpened,
    runner: { run: neverOpened },
    rollouts: neverOpened,
  },
  env: {},
  cwd: "/",
  signal: new AbortController().signal,
  progress: progressOn({ write: () => true }, styleFor(false), true),
  style: styleFor(false),
  isJson: false,
  print: () => {},
};

/** Parses the words as far as the call; the command itself does not run. */
async function parse(words: readonly string[]): Promise<string> {
  const program = await programFor(words, context, () => {});
  let called = "";
  let shown = "";
  for (const command of [
    program,
    ...program.commands,
    ...program.commands.flatMap((c) => c.commands),
  ])
    command.configureOutput({
      writeOut: (text) => {
        shown += text;
      },
      writeErr: () => {},
    });
  for (const { name } of catalogue) {
    const [first, second] = name.split(" ");
    const group = program.commands.find((command) => command.name() === first);
    const command = second === undefined ? group : group?.commands.find((c) => c.name() === second);
    command?.action(() => {
      called = name;
    });
  }
  try {
    await program.parseAsync([...words], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return shown;
    throw error;
  }
  return called;
}

/** Words as a shell makes them, for what examples need: blanks and quotes. */
function wordsOf(line: string): readonly string[] {
  const words = line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g);
  return [...words].map((match) => match[1] ?? match[2] ?? match[3] ?? "");
}

describe.each(catalogue.map((entry) => [entry.name, entry] as const))(
  "lithify %s",
  (name, entry) => {
    it("has help with its summary, its options and its examples", async () => {
      const { command } = await entry.load();
      const help = (await parse([...name.split(" "), "--help"])).replace(/\s+/g, " ");
      expect(help).toContain(`Usage: lithify ${name}`);
      expect(help).toContain(entry.summary);
      for (const option of command.options) {
        expect(help).toContain(option.flags);
        expect(help).toContain(option.about.replace(/\s+/g, " "));
      }
      expect(help).toContain("--json");
      expect(command.examples.length).toBeGreaterThan(0);
      for (const example of command.examples) expect(help).toContain(example);
    });

    it("has examples that parse", async () => {
      for (const example of (await entry.load()).command.examples) {
        const [program, ...words] = wordsOf(example);
        expect(program).toBe("lithify");
        expect(await parse(words), example).toBe(name);
      }
    });

    it("refuses an option that it does not have", async () => {
      const { options } = (await entry.load()).command;
      const required = options.filter(({ isRequired }) => isRequired);
      const given = required.flatMap(({ flags }) => [flags.split(/[ ,]/)[0] ?? "", "x"]);
      const call = parse([...name.split(" "), ...given, "--no-such-option"]);
      await expect(call).rejects.toMatchObject({ code: "commander.unknownOption" });
    });
  },
);

describe("the catalogue", () => {
  it("has every name once, and summaries that fit in a list", () => {
    const names = catalogue.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { summary } of catalogue) {
      expect(summary.length).toBeLessThan(80);
      expect(summary).not.toMatch(/^[A-Z]|\.$/);
    }
  });

  it("is what help lists", async () => {
    const help = await parse(["--help"]);
    for (const { name } of catalogue) expect(help).toContain(` ${name.split(" ")[0]} `);
  });
});
