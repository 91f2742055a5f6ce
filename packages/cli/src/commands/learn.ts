import type { LearnReport, Workload } from "@lithify/engine";
import { Fault } from "@lithify/fault";
import { openImageAt } from "@lithify/oci";
import type { CommandSpec } from "../command.ts";
import type { Style } from "../style.ts";

export const command: CommandSpec = {
  args: "<image> [command...]",
  options: [
    {
      flags: "--for <time>",
      about: "how long the program is watched, 500ms, 10s or 2m (10s; with requests at most 60s)",
    },
    {
      flags: "--request <request>",
      about:
        "METHOD URL, sent to the instance whatever the URL's host; the watch ends with the last",
      isList: true,
    },
    { flags: "-u, --user <user>", about: "name or uid, with or without :group" },
    { flags: "-e, --env <pair>", about: "NAME=value", isList: true },
    { flags: "--engine <name>", about: "local or docker; else LITHIFY_ENGINE, else local" },
  ],
  examples: [
    "lithify learn echo:mutable --for 5s",
    'lithify learn echo:mutable --request "GET http://instance:8080/echo" --json',
    "lithify learn tools:1 -- /bin/report --all",
  ],
  async run(context, args, options) {
    const { findProgram, learn } = await import("@lithify/engine");
    const [ref = "", ...words] = args;
    const requests = options.list("request").map(requestOf);
    // With requests the watch ends with the last answer: more time costs nothing
    const seconds = secondsOf(options.text("for") ?? (requests.length > 0 ? "60s" : "10s"));
    const strace = findProgram(context.env, "strace");
    const { image } = await openImageAt(ref, await context.wire.store());
    const user = options.text("user");
    const report = await learn(await context.wire.engine(options.text("engine")), image, {
      strace,
      seconds,
      requests,
      env: options.list("env"),
      signal: context.signal,
      progress: (what) => context.progress.step(what),
      ...(user === undefined ? {} : { user }),
      ...(words.length === 0 ? {} : { command: words }),
    });
    return {
      exitCode: report.confirmed ? 0 : 1,
      document: report,
      lines: learnLines(report, context.style),
    };
  },
};

const units = { ms: 0.001, s: 1, m: 60 } as const;

function secondsOf(text: string): number {
  const [, number = "", unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  const seconds = Number(number) * (units[unit as keyof typeof units] ?? 1);
  if (number !== "" && seconds > 0 && seconds <= 3600) return seconds;
  throw new Fault("USAGE", "--for", {
    why: "it is a number with ms, s or m, at most an hour",
    values: { for: text },
  });
}

function requestOf(text: string): NonNullable<Workload["requests"]>[number] {
  const [, method = "", url = ""] = /^([A-Z]+) (\S+)$/.exec(text) ?? [];
  const parsed = URL.parse(url);
  if (parsed?.protocol === "http:") return { method, url: parsed };
  throw new Fault("USAGE", "--request", {
    why: "it is a method and an http URL",
    values: { request: text },
    hint: 'For example: --request "GET http://instance:8080/"',
  });
}

function learnLines(report: LearnReport, style: Style): readonly string[] {
  const { good, bad, warn, dim } = style;
  const head = report.confirmed
    ? good("confirmed: runs on a read-only root")
    : bad("not confirmed: does not run on a read-only root as it should");
  const { lithify, docker, compose, kubernetes } = report.renderings;
  return [
    `${head}  ${report.image}`,
    ...(report.works ? [] : [warn("on a writable root the workload failed, too")]),
    ...report.mounts.flatMap(({ path, for: writes, hides }) => [
      `  ${path}  ${dim(`for ${few(writes)}`)}`,
      ...(hides.length === 0 ? [] : [warn(`    hides what the image ships: ${few(hides)}`)]),
    ]),
    ...report.unmountable.map((path) => bad(`  no mount can hold ${path}`)),
    ...report.refused.map((one) =>
      (one.harmless ? dim : bad)(
        `  refused: ${one.operation} ${one.path} (${one.errno})${one.harmless ? ", harmless" : ""}`,
      ),
    ),
    ...sections({ "lithify.yaml": lithify, docker, compose, kubernetes }, style),
  ];
}

function sections(texts: Readonly<Record<string, string>>, style: Style): readonly string[] {
  return Object.entries(texts).flatMap(([name, text]) => [
    "",
    style.dim(`# ${name}`),
    ...text.trimEnd().split("\n"),
  ]);
}

const shown = 3;

function few(paths: readonly string[]): string {
  const rest = paths.length - shown;
  return paths.slice(0, shown).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}
