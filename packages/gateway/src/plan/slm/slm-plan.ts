import type { Priority } from "../../log.ts";

/** A text that a credential or resource class looks at in a message. */
export interface SlmClass {
  readonly name: string;
  readonly source:
    | "client-ip"
    | "request-header"
    | "ip-from-header"
    | "aaa-username"
    | "aaa-mapped-credential"
    | "front-url";
  /** The header of request-header and ip-from-header. */
  readonly header: string;
  /** Undefined counts each value by itself; else only values that match count, all as one. */
  readonly matches: ((value: string) => boolean) | undefined;
}

/** One statement of an slm-policy: how many messages of a class in which time, and what then. */
export interface SlmStatement {
  readonly id: string;
  readonly credential: SlmClass | undefined;
  readonly resource: SlmClass | undefined;
  readonly action: {
    readonly name: string;
    readonly type: "log-only" | "reject" | "shape";
    readonly priority: Priority;
  };
  readonly interval: "fixed" | "moving" | "concurrent";
  /** Milliseconds; 0 for concurrent. */
  readonly length: number;
  readonly algorithm: "greater-than" | "token-bucket" | "high-low-thresholds";
  readonly level: number;
  readonly release: number;
  readonly burst: number;
  /** Most values of the classes that are counted at a time. */
  readonly mostValues: number;
}

/** An slm-policy. */
export interface SlmPolicyPlan {
  readonly name: string;
  readonly evaluation:
    | "execute-all-statements"
    | "terminate-at-first-action"
    | "terminate-at-first-reject";
  readonly statements: readonly SlmStatement[];
}
