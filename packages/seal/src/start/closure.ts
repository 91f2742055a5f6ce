import type { ImageConfig, Tree } from "@lithify/oci";
import type { Contents } from "../contents/inspect-image.ts";
import { followCommand } from "./commands.ts";
import { followRuntimes } from "./runtimes.ts";
import { absolute, type Need, newTrail, note, type Trail, type Trouble } from "./trail.ts";

/** Everything that decides what runs when the image starts, as far as the image tells. */
export interface Closure {
  readonly needs: readonly Need[];
  readonly troubles: readonly Trouble[];
  /** Real paths of programs, scripts and interpreters. */
  readonly programs: readonly string[];
  readonly hasLoginShell: boolean;
}

const noContents: Contents = { at: () => undefined };

/**
 * What ENTRYPOINT, CMD and HEALTHCHECK start and what that starts in turn: interpreters of scripts, loaders and
 * libraries of programs with every directory where they are looked for, search paths of language runtimes.
 * Without contents only the configuration is followed.
 */
export function closureOf(image: {
  readonly tree: Tree;
  readonly config: ImageConfig;
  readonly workingDirectory: string;
  readonly contents?: Contents | undefined;
  readonly more?: readonly (readonly [string, readonly string[]])[];
}): Closure {
  const trail = newTrail({ ...image, contents: image.contents ?? noContents });
  const starts = [...startsOf(image.config), ...(image.more ?? [])];
  for (const [label, words] of starts) followCommand(trail, words, [label]);
  followRuntimes(trail);
  followShellVariables(trail);
  return {
    needs: [...trail.needs.values()],
    troubles: [...trail.troubles.values()],
    programs: [...trail.programs],
    hasLoginShell: trail.hasLoginShell,
  };
}

/** The commands of a configuration, each with what to call it. */
function startsOf(config: ImageConfig): readonly (readonly [string, readonly string[]])[] {
  const {
    Entrypoint: entrypoint = [],
    Cmd: command = [],
    Healthcheck: check,
  } = config.config ?? {};
  const main = [...(entrypoint ?? []), ...(command ?? [])];
  const starts: (readonly [string, readonly string[]])[] = [];
  if (main.length > 0) starts.push([(entrypoint ?? []).length > 0 ? "ENTRYPOINT" : "CMD", main]);
  // Behind an ENTRYPOINT the words of CMD are arguments; an absolute path may be a program all the same.
  if ((entrypoint ?? []).length > 0 && command?.[0]?.startsWith("/")) starts.push(["CMD", command]);
  const health = healthCheckOf(check, shellOf(config));
  if (health !== undefined) starts.push(["HEALTHCHECK", health]);
  return starts;
}

/** Docker's own field: `["CMD", PROGRAM, …]` or `["CMD-SHELL", TEXT]`. */
function healthCheckOf(check: unknown, shell: readonly string[]): readonly string[] | undefined {
  if (typeof check !== "object" || check === null || !("Test" in check)) return undefined;
  const test: unknown = check.Test;
  if (!Array.isArray(test) || !test.every((word) => typeof word === "string")) return undefined;
  const [kind, ...words] = test as string[];
  if (kind === "CMD") return words;
  return kind === "CMD-SHELL" ? [...shell, words.join(" ")] : undefined;
}

function shellOf(config: ImageConfig): readonly string[] {
  const shell: unknown = (config.config as Readonly<Record<string, unknown>> | undefined)?.Shell;
  const isList = Array.isArray(shell) && shell.every((word) => typeof word === "string");
  return isList && shell.length > 0 ? (shell as string[]) : ["/bin/sh", "-c"];
}

/** BASH_ENV is read by every bash that runs a script, ENV by an interactive sh. */
function followShellVariables(trail: Trail): void {
  for (const name of ["BASH_ENV", "ENV"]) {
    const value = trail.environment.get(name);
    if (value === undefined || value === "" || value.includes("$")) continue;
    const why = [`${name} names \`${value}\`, which shells read when they start`];
    note(trail, { path: absolute(trail, value), as: "profile", why });
  }
}
