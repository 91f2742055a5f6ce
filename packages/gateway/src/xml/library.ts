import { sayUnfit } from "../unfit.ts";

/** The door of the library, and the kinds of nodes that it does not show there. */
type Library = typeof import("libxml2-wasm") & typeof import("libxml2-wasm/lib/nodes.mjs");

let library: Library | undefined;
let broken: Error | undefined;
let loading: Promise<Library> | undefined;

/**
 * Loads the XML library (about 60 ms and 12 MB), once. To be awaited before a service that needs
 * XML takes messages: all else of this room works without waiting from then on.
 */
export async function loadXmlLibrary(): Promise<void> {
  loading ??= importQuietly();
  library = await loading;
}

/** The library; throws when {@link loadXmlLibrary} has not ended, or the library has failed. */
export function xmlLibrary(): Library {
  if (broken !== undefined) throw broken;
  if (library === undefined) throw new Error("the XML library is not loaded");
  return library;
}

/**
 * Runs what may fail inside of the library. After a trap (its stack ran over, its memory ran out)
 * its state cannot be trusted: nothing is given to it any more, all that needs XML fails, and the
 * process is unfit, since a module cannot be loaded anew in it.
 */
export function guarded<Value>(run: () => Value): Value {
  if (broken !== undefined) throw broken;
  try {
    return run();
  } catch (error) {
    if (broken === undefined && isTrap(error)) {
      broken = new Error(`the XML library has failed: ${error.message}`, { cause: error });
      sayUnfit(broken.message);
    }
    throw error;
  }
}

/** Gives memory back to the library; not to one that has failed. */
export function guardedDisposal(dispose: () => void): void {
  if (broken === undefined) guarded(dispose);
}

/** Code of the library ends with the second, too, where what called it had left it little stack. */
function isTrap(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  return error.name === "RuntimeError" || error.message === "Maximum call stack size exceeded";
}

/** It keeps the `console.error` it finds while loading, to print what it throws anyhow. */
async function importQuietly(): Promise<Library> {
  const { error } = console;
  console.error = () => {};
  try {
    const door = await import("libxml2-wasm");
    return { ...door, ...(await import("libxml2-wasm/lib/nodes.mjs")) };
  } finally {
    console.error = error;
  }
}
