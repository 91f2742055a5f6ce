import { isWithin } from "../policy/resolve.ts";
import { homeOf, homeProfiles, systemProfiles } from "../start/profiles.ts";
import { defaultPath, environmentOf, type Need } from "../start/trail.ts";
import { changeablePlace } from "./changeable-place.ts";
import type { Hit, Rule, Scan } from "./rule.ts";

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
    const path = environmentOf(scan.model.config).get("PATH") ?? defaultPath;
    for (const element of path.split(":")) {
      if (element.startsWith("/")) {
        yield* changeablePlace(scan, element, [`PATH names \`${element}\``]);
        continue;
      }
      yield {
        path: scan.model.startDirectory?.path ?? "/",
        cause: "relative",
        witness: () => [
          `PATH has the element ${JSON.stringify(element)}, which means the present directory`,
        ],
      };
    }
  },
};

/** Route 25: what the image starts can be changed: a program, a script, an interpreter. */
export const entrypoint: Rule = {
  code: "LI-ENTRYPOINT",
  title: "the program that the image starts can be changed",
  route: "entrypoint",
  fix: "Install the program where only root can write, and take it out of the writable paths.",
  check: (scan) => changeableNeeds(scan, ["program"]),
};

/** Route 23: the dynamic loader looks for a library in a place that can be changed. */
export const loader: Rule = {
  code: "LI-LOADER",
  title: "a library of what the image starts can be changed, or another be loaded instead",
  route: "loader",
  fix: "Install libraries where only root can write; build without RPATH, or with one that names such directories; take LD_LIBRARY_PATH out of ENV.",
  check: (scan) => changeableNeeds(scan, ["library", "search"]),
};

/** Route 26: a language runtime looks for code in a place that can be changed. */
export const runtime: Rule = {
  code: "LI-RUNTIME",
  title: "a language runtime reads code from a place that can be changed",
  route: "runtime",
  fix: "Let the variables name directories that only root can write, and install the application in one.",
  check: (scan) => changeableNeeds(scan, ["runtime"]),
};

/** Route 25: a file that shells read when they start can be changed. */
export const profile: Rule = {
  code: "LI-PROFILE",
  title: "a file that shells read when they start can be changed",
  route: "profile",
  fix: "Make it root's; set HOME to a directory that only root can write, where a login shell is started.",
  *check(scan) {
    yield* changeableNeeds(scan, ["profile"]);
    for (const path of systemProfiles(scan.model)) {
      yield* changeablePlace(scan, path, [`login shells read \`${path}\``]);
    }
    if (!scan.model.closure().hasLoginShell) return;
    for (const path of homeProfiles(scan.model, scan.identity)) {
      const home = homeOf(scan.model, scan.identity);
      yield* changeablePlace(scan, path, [
        `a login shell is started, and reads \`${path}\``,
        `HOME is \`${home}\``,
      ]);
    }
  },
};

function* changeableNeeds(scan: Scan, kinds: readonly Need["as"][]): Iterable<Hit> {
  for (const need of scan.model.closure().needs) {
    if (kinds.includes(need.as)) yield* changeablePlace(scan, need.path, need.why);
  }
}

/** What a start depends on and nobody can tell; LI-UNDECIDABLE gives it. */
export function* startTroubles(scan: Scan): Iterable<Hit> {
  for (const { path, why } of scan.model.closure().troubles) {
    yield { path, cause: `start ${path}`, witness: () => why };
  }
}
