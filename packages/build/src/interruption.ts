import { Fault } from "@lithify/fault";

/** @throws Fault INTERRUPTED */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Fault("INTERRUPTED", "the build");
}
