/** Who a process is when one engine starts the image for one USER or `-u` value. */
export interface Identity {
  /** As the user wrote it: `drouter`, `drouter:0`, `1000770000:0`. */
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Supplementary groups, sorted, without duplicates; may contain gid. */
  readonly groups: readonly number[];
  /** Effective capabilities, `CAP_…` names, sorted. Empty for a non-root user of a sealed image. */
  readonly capabilities: readonly string[];
  readonly noNewPrivileges: boolean;
  /** Capabilities that a program could give at most; what Docker leaves when it is not said. */
  readonly bounding?: readonly string[];
}
