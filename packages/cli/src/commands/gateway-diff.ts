import { statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { Fault } from "@lithify/fault";
import {
  type Configuration,
  compareConfigurations,
  type Difference,
  loadConfiguration,
  loadConfigurationFile,
  type Origin,
} from "@lithify/gateway";
import type { CommandSpec } from "../command.ts";
import type { Style } from "../style.ts";
import { valueChange } from "../value-change.ts";

export const command: CommandSpec = {
  args: "<before> <after>",
  options: [{ flags: "--all", about: "also what saving writes into every domain" }],
  examples: ["lithify gateway diff old/src src", "lithify gateway diff saved.cfg echo.cfg --json"],
  async run(context, args, options) {
    const [before, after] = [args[0] ?? "", args[1] ?? ""].map((each) => {
      return openConfiguration(context.cwd, each);
    }) as [Configuration, Configuration];
    const all = compareConfigurations(before, after);
    const shown = all.filter((each) => options.isSet("all") || !each.boilerplate);
    const hidden = all.length - shown.length;
    return {
      exitCode: shown.length === 0 ? 0 : 1,
      document: { differs: shown.length > 0, differences: shown, hidden },
      lines: diffLines(shown, hidden, context.style),
    };
  },
};

/** A tree, or one .cfg file by itself. @throws Fault for what is not there or cannot be read whole */
export function openConfiguration(cwd: string, path: string): Configuration {
  const place = resolve(cwd, path);
  const found = statSync(place, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new Fault("USAGE", "the configuration", {
      why: "there is no such directory or file",
      values: { path: place },
    });
  }
  const read = found.isDirectory() ? loadConfiguration(place) : loadConfigurationFile(place);
  const broken = read.problems.find(({ fault }) => fault !== undefined);
  if (broken?.fault === undefined) return read;
  const { file, line } = broken.origin;
  throw new Fault(broken.fault.code, `the configuration of the domain ${broken.domain}`, {
    why: broken.message,
    place: { file: relative(cwd, resolve(read.root, file)), line },
  });
}

function propertyLines(
  { property, was, is }: Extract<Difference, { of: "property" }>,
  at: string,
): readonly string[] {
  const change = valueChange(was, is);
  if (!Array.isArray(was) || !Array.isArray(is)) return [`      ${property}: ${change[0]}${at}`];
  return [`      ${property}:${at}`, ...change.map((line) => `        ${line}`)];
}

function diffLines(
  differences: readonly Difference[],
  hidden: number,
  style: Style,
): readonly string[] {
  const lines: string[] = [];
  let domain = "";
  let object = "";
  const at = ({ file, line }: Origin): string => style.dim(`  ${file}:${line}`);
  const marks = { added: style.good("+"), removed: style.bad("-"), changed: style.warn("~") };
  for (const each of differences) {
    if (each.domain !== domain) lines.push(style.bold(`domain ${each.domain}`));
    if (each.domain !== domain) object = "";
    domain = each.domain;
    const mark = marks[each.change];
    if (each.of === "domain") lines.push(`  ${mark} the whole domain`);
    else if (each.of === "object") lines.push(`  ${mark} ${each.object}${at(each.origin)}`);
    else if (each.of === "file") lines.push(`  ${mark} ${each.file}`);
    else {
      if (each.object !== object) lines.push(`  ${marks.changed} ${each.object}`);
      object = each.object;
      lines.push(...propertyLines(each, at(each.origin)));
    }
  }
  const rest = hidden === 0 ? "" : `, ${hidden} in boilerplate hidden (--all)`;
  const many = differences.length === 1 ? "difference" : "differences";
  const count = `${differences.length} ${many}${rest}`;
  return [...lines, differences.length === 0 ? style.good(`same${rest}`) : count];
}
