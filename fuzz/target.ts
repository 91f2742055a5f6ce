import { isFault } from "@lithify/fault";

/** One parser under test: what it is fed with, and how. */
export interface Target {
  readonly name: string;
  /** Whole inputs, made by our own writers where there are any. */
  corpus(): Promise<readonly Buffer[]>;
  /** Ends in success or in a Fault. What does not hold of a success is thrown as an Error. */
  parse(bytes: Buffer): unknown;
}

/** What came of one input; undefined when it ended in success or a Fault. */
export async function brokenBy(target: Target, bytes: Buffer): Promise<string | undefined> {
  try {
    await target.parse(bytes);
    return undefined;
  } catch (error) {
    if (isFault(error)) return undefined;
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}
