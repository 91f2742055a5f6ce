/** The documents of `--json` that the tests read: what design promises, no more. */
export interface AuditDocument {
  readonly image: string;
  readonly immutable: boolean;
  readonly objects: number;
  readonly identities: readonly {
    readonly name: string;
    readonly uid: number;
    readonly gid: number;
    readonly groups: readonly number[];
  }[];
  readonly findings: readonly {
    readonly rule: string;
    readonly path: string;
    readonly alsoPaths?: readonly string[];
    readonly identity: string;
    readonly witness: readonly string[];
    readonly fix: string;
  }[];
  readonly notProven: readonly string[];
}

export interface ProveDocument {
  readonly image: string;
  readonly immutable: boolean;
  readonly attempts: readonly {
    readonly route: number;
    readonly path: string;
    readonly identity: string;
    readonly expected: string;
    readonly observed: string;
  }[];
  readonly disagreements: readonly object[];
  readonly residue: readonly object[];
}

export interface DriftDocument {
  readonly drifted: boolean;
  readonly instances: readonly {
    readonly name: string;
    readonly image: string;
    readonly drifted: boolean;
    readonly changes: readonly {
      readonly kind: string;
      readonly class: string;
      readonly path: string;
      readonly was?: string;
      readonly is?: string;
    }[];
  }[];
}

export interface RolloutDocument {
  readonly phase: string;
  readonly step: number;
  readonly weight: number;
  readonly canary: SideDocument;
  readonly stable: SideDocument;
  readonly evidence: readonly object[];
  readonly cut: number;
  readonly why: string;
  readonly events: readonly { readonly type: string; readonly at: number }[];
}

interface SideDocument {
  readonly digest: string;
  readonly requests: number;
  readonly errors: number;
  readonly instances: readonly string[];
}
