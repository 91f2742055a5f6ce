/** What a fault code means. `exit` is the exit code of the command that ends with it. */
export interface FaultMeaning {
  readonly exit: 2 | 3;
  /** One sentence: when this fault is raised. */
  readonly meaning: string;
  /** One sentence: what the user can do. The default hint. */
  readonly remedy: string;
}
