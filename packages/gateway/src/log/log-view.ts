/** One log target as it stands. */
export interface LogTargetState {
  readonly domain: string;
  readonly name: string;
  readonly type: string;
  readonly written: number;
  readonly dropped: number;
  readonly pending: number;
  /** What keeps it from writing; undefined while it can. */
  readonly why?: string;
}

/** What can be seen of the log. */
export interface LogView {
  /** Events that were lost on their way to any sink. */
  readonly dropped: number;
  targets(): readonly LogTargetState[];
  /** The last lines at notice and above, oldest first. */
  recent(): readonly string[];
  /** The lines that a target of type `cache` holds; undefined when there is no such target. */
  cached(domain: string, target: string): readonly string[] | undefined;
}
