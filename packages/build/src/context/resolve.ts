import { Fault } from "@lithify/fault";
import { joinPath, parentOf } from "../layer/entry.ts";

/** Links followed in one path before it counts as a loop (Linux, path_resolution(7)). */
const maximumLinks = 40;

interface LinkView {
  readonly type: string;
  readonly target?: string;
}

/**
 * The real path that `path` leads to, links followed inside the root (none leads out of it). A part that does
 * not exist stays as written. With `last: false` the last component is not followed.
 * @throws Fault COPY_CONFLICT for a loop
 */
export function* resolving(
  path: string,
  last: boolean,
): Generator<string, string, LinkView | undefined> {
  const todo = path.split("/").filter((part) => part !== "");
  let at = "";
  let links = 0;
  while (todo.length > 0) {
    const part = todo.shift() as string;
    if (part === ".") continue;
    if (part === "..") {
      at = parentOf(at);
      continue;
    }
    const next = joinPath(at, part);
    const node = last || todo.length > 0 ? yield next : undefined;
    if (node?.type !== "symlink" || node.target === undefined) {
      at = next;
      continue;
    }
    if (++links > maximumLinks)
      throw new Fault("COPY_CONFLICT", `following the links of /${path}`, {
        why: `more than ${maximumLinks} symbolic links: they form a loop`,
      });
    if (node.target.startsWith("/")) at = "";
    todo.unshift(...node.target.split("/").filter((name) => name !== ""));
  }
  return at;
}

/** `resolving` over a file tree in memory. */
export function resolvePath(
  path: string,
  at: (path: string) => LinkView | undefined,
  last = true,
): string {
  const steps = resolving(path, last);
  let step = steps.next();
  while (step.done !== true) step = steps.next(at(step.value));
  return step.value;
}

/** `resolving` over a source that must be asked. */
export async function resolveIn(
  path: string,
  at: (path: string) => Promise<LinkView | undefined>,
): Promise<string> {
  const steps = resolving(path, true);
  let step = steps.next();
  while (step.done !== true) step = steps.next(await at(step.value));
  return step.value;
}
