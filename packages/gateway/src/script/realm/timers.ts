/** Timers of the run that is at work, by number. */
export interface TimerBackend {
  /** Milliseconds; a repeated one begins anew each time. Throws RangeError for too many. */
  startTimer(callback: () => void, delay: number, repeated: boolean): number;
  stopTimer(timer: number): void;
}

/**
 * Runs inside a realm (its text is evaluated there): setTimeout and its like, as functions that all
 * runs share. A run lasts until its timers have ended.
 */
export function installTimers(backend: TimerBackend): Readonly<Record<string, object>> {
  type Values = readonly unknown[];
  const callable = (callback: unknown): ((...values: Values) => void) => {
    if (typeof callback !== "function") throw new TypeError("a callback function is required");
    return callback as (...values: Values) => void;
  };
  const begin = (repeated: boolean) => (callback: unknown, delay: unknown, values: Values) => {
    const call = callable(callback);
    const milliseconds = Number(delay);
    return backend.startTimer(() => call(...values), Math.max(milliseconds || 1, 1), repeated);
  };
  const [once, again] = [begin(false), begin(true)];
  const stop = (timer: unknown): void => {
    if (typeof timer === "number") backend.stopTimer(timer);
  };
  return {
    setTimeout: (callback: unknown, delay?: unknown, ...values: Values) =>
      once(callback, delay, values),
    setInterval: (callback: unknown, delay?: unknown, ...values: Values) =>
      again(callback, delay, values),
    setImmediate: (callback: unknown, ...values: Values) => once(callback, 0, values),
    clearTimeout: (timer?: unknown) => stop(timer),
    clearInterval: (timer?: unknown) => stop(timer),
    clearImmediate: (timer?: unknown) => stop(timer),
  };
}
