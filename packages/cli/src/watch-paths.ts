import { watch } from "node:fs";

/** Editors write a file in several steps; changes that lie this close are taken together, in ms. */
const settleTime = 150;

/** Resolves with true at the next change below any of these paths, with false at the signal. */
export function nextChange(paths: readonly string[], signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const end = (isChange: boolean): void => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      signal.removeEventListener("abort", stop);
      resolve(isChange);
    };
    const stop = (): void => end(false);
    const watchers = paths.map((path) =>
      watch(path, { recursive: true }, () => {
        clearTimeout(timer);
        timer = setTimeout(() => end(true), settleTime);
      }),
    );
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
