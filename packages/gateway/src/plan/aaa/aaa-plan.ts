/** Parts of a request that a resource can be made of. */
export type ResourcePart = "original-url" | "request-uri" | "http-method";

/** A file of users: its URL as configured, and where it is. */
export interface AaaFilePlace {
  readonly url: string;
  readonly file: string;
}

/** An aaapolicy: who the client is by HTTP Basic and a file of users, and what it may do. */
export interface AaaPolicyPlan {
  readonly name: string;
  readonly realm: string;
  readonly users: AaaFilePlace;
  /** Undefined leaves credentials as authentication gave them. */
  readonly mapping: AaaFilePlace | undefined;
  readonly resource: readonly ResourcePart[];
  /** Undefined lets every authenticated client pass. */
  readonly authorization: AaaFilePlace | undefined;
  readonly logsAllowed: boolean;
  readonly logsRejected: boolean;
}
