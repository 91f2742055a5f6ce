/**
 * Work by name that callers share. Who calls while it runs may have changed something since it began, and gets the next
 * run, together with everybody else who calls until then.
 */
export function shared(work: (name: string) => Promise<void>): (name: string) => Promise<void> {
  const running = new Map<string, Promise<void>>();
  const waiting = new Map<string, Promise<void>>();
  const start = (name: string): Promise<void> => {
    const run: Promise<void> = work(name).finally(() => {
      if (running.get(name) === run) running.delete(name);
    });
    running.set(name, run);
    return run;
  };
  return (name) => {
    const current = running.get(name);
    if (current === undefined) return start(name);
    const known = waiting.get(name);
    if (known !== undefined) return known;
    const next = current
      .catch(() => undefined)
      .then(() => {
        waiting.delete(name);
        return start(name);
      });
    waiting.set(name, next);
    return next;
  };
}
