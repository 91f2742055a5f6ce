import type { Layer, ProcessConfig } from "@lithify/oci";

/** One RUN instruction, with everything it may depend on. */
export interface Step {
  /** The file system so far, lowest first. */
  readonly layers: readonly Layer[];
  /** Argument vector: the shell and its argument, or the exec form. */
  readonly command: readonly string[];
  /** `NAME=value`, the image's ENV and the ARGs in scope. */
  readonly env: readonly string[];
  readonly workingDirectory: string;
  /** As in USER: name or uid, with or without group. */
  readonly user: string;
  readonly process: ProcessConfig;
  readonly network: "default" | "none" | "host";
  readonly mounts: readonly StepMount[];
}

/** `RUN --mount=…`, resolved. */
export type StepMount =
  | {
      readonly type: "bind";
      readonly target: string;
      readonly source: string;
      readonly writable: boolean;
    }
  | { readonly type: "cache"; readonly target: string; readonly source: string }
  | { readonly type: "tmpfs"; readonly target: string; readonly size?: number }
  | {
      readonly type: "secret";
      readonly target: string;
      readonly bytes: Uint8Array;
      readonly mode: number;
    };

/**
 * Runs a RUN. Resolves to the difference as a layer's tar archive (whiteouts in OCI form, entries in any
 * order, times as the kernel left them: the builder normalises both), or to the exit code when it is not 0.
 */
export interface StepRunner {
  run(
    step: Step,
    options: { readonly output: (line: string) => void; readonly signal?: AbortSignal },
  ): Promise<StepResult>;
}

export type StepResult =
  | { readonly answer: "done"; readonly changes: AsyncIterable<Uint8Array> }
  | { readonly answer: "failed"; readonly exitCode: number };
