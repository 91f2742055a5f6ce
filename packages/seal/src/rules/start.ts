import type { ProcessConfig } from "@lithify/oci";
import { decide } from "../decide.ts";
import { isWithin, parentOf } from "../policy-resolve.ts";
import type { Hit, Rule, Scan } from "../rule.ts";

/** Route 27: a VOLUME is a writable file system of its own, also under a read-only root. */
export const volume: Rule = {
  code: "LI-VOLUME",
  title: "a VOLUME lies over protected objects",
  route: "volume",
  fix: "Remove the VOLUME; a Dockerfile cannot take one back, lithify seal does.",
  *check(scan) {
    for (const path of volumesOver(scan.model)) {
      yield {
        path,
        cause: path,
        witness: () => [
          `the image declares VOLUME \`${path}\``,
          "an engine mounts a writable file system there, also when the root is read-only",
        ],
      };
    }
  },
};

/** Volumes of the configuration that are not inside a declared writable path, links followed. */
export function volumesOver(model: Scan["model"]): readonly string[] {
  return Object.keys(model.config.config?.Volumes ?? {})
    .filter((volume) => {
      const found = model.tree.resolve(volume);
      const path = found.answer === "reached" ? found.node.path : volume;
      return !model.policy.writable.some((top) => isWithin(path, top));
    })
    .sort();
}

/** Route 24: a command is looked for in a place that can be changed. */
export const searchPath: Rule = {
  code: "LI-PATH",
  title: "a directory of PATH can be changed, or is relative",
  route: "path",
  fix: "Set PATH to absolute directories that only root can write.",
  *check(scan) {
    for (const element of searchPathOf(scan)) {
      if (!element.startsWith("/")) {
        yield {
          path: scan.model.workingDirectory?.path ?? "/",
          cause: "relative",
          witness: () => [
            `PATH has the element ${JSON.stringify(element)}, which means the present directory`,
          ],
        };
        continue;
      }
      yield* changeablePlace(scan, element, `PATH names \`${element}\``);
    }
  },
};

/** Route 25: what the image starts can be changed. */
export const entrypoint: Rule = {
  code: "LI-ENTRYPOINT",
  title: "the program that the image starts can be changed",
  route: "entrypoint",
  fix: "Install the program where only root can write, and take it out of the writable paths.",
  *check(scan) {
    for (const [label, word] of startedPrograms(scan)) {
      const path = locate(scan, word);
      if (path === undefined) continue;
      yield* changeablePlace(scan, path, `${label} starts \`${word}\``);
    }
  },
};

function* changeablePlace(scan: Scan, path: string, start: string): Iterable<Hit> {
  const { model, view, identity } = scan;
  const found = model.tree.resolve(path);
  const passed = found.answer === "reached" ? [...found.via, found.node] : found.via;
  const declared = passed.find((node) => model.protectionOf(node.path) === "writable");
  if (declared !== undefined) {
    yield {
      path,
      cause: declared.path,
      witness: () => [start, `it lies in \`${declared.path}\`, which the policy declares writable`],
    };
    return;
  }
  if (found.answer === "missing") {
    const nearest = model.numberOf(found.nearest.path) ?? 0;
    const free = model.protectionOf(found.nearest.path) === "writable";
    if (!free && view.addable(nearest) !== "yes") return;
    const why = free ? [] : decide(model, identity, "create", found.nearest.path).why;
    yield {
      path: found.nearest.path,
      cause: found.nearest.path,
      witness: () => [start, "it does not exist, and can be made", ...why],
    };
    return;
  }
  if (found.answer !== "reached") return;
  const number = model.numberOf(found.node.path) ?? 0;
  const directory = found.node.type === "directory";
  const operation = directory ? "create" : "open-write";
  const open = directory ? view.addable(number) : view.writable(number);
  if (open === "yes") {
    yield {
      path: found.node.path,
      cause: found.node.path,
      witness: () => [start, ...decide(model, identity, operation, found.node.path).why],
    };
  } else if (view.replaceable(number) === "yes") {
    yield {
      path: found.node.path,
      cause: parentOf(found.node.path),
      witness: () => [start, ...decide(model, identity, "rename", found.node.path).why],
    };
  }
}

function searchPathOf(scan: Scan): readonly string[] {
  const entry = (scan.model.config.config?.Env ?? []).find((line) => line.startsWith("PATH="));
  return entry === undefined ? [] : entry.slice("PATH=".length).split(":");
}

/** What ENTRYPOINT, CMD and HEALTHCHECK start, each with the word that names the program. */
function startedPrograms(scan: Scan): readonly (readonly [string, string])[] {
  const config = scan.model.config.config ?? {};
  const first = config.Entrypoint?.[0];
  const command = config.Cmd?.[0];
  const programs: (readonly [string, string])[] = [];
  if (first !== undefined) programs.push(["ENTRYPOINT", first]);
  // After an ENTRYPOINT the words of CMD are arguments; only a path among them may be a program.
  if (command !== undefined && (first === undefined || command.startsWith("/"))) {
    programs.push(["CMD", command]);
  }
  const check = healthCheckOf(config);
  if (check !== undefined) programs.push(["HEALTHCHECK", check]);
  return programs;
}

/** Docker's own field: `["CMD", PROGRAM, …]`; a shell's text is not followed. */
function healthCheckOf(config: ProcessConfig): string | undefined {
  const { Healthcheck: check } = config;
  if (typeof check !== "object" || check === null || !("Test" in check)) return undefined;
  const test: unknown = check.Test;
  if (!Array.isArray(test) || test[0] !== "CMD") return undefined;
  return typeof test[1] === "string" ? test[1] : undefined;
}

function locate(scan: Scan, word: string): string | undefined {
  if (word.startsWith("/")) return word;
  if (word.includes("/")) return `${scan.model.workingDirectory?.path ?? ""}/${word}`;
  return searchPathOf(scan)
    .filter((directory) => directory.startsWith("/"))
    .map((directory) => `${directory}/${word}`)
    .find((path) => scan.model.tree.resolve(path).answer === "reached");
}
