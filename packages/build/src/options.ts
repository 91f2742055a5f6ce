import type { Image, Store } from "@lithify/oci";
import type { StepRunner } from "./step-runner.ts";

/** What a build depends on. Nothing else does: neither the clock nor the umask, nor where the context lies. */
export interface BuildOptions {
  readonly store: Store;
  readonly contextDirectory: string;
  /** A file; `Dockerfile` in the context when left out. */
  readonly dockerfile?: string;
  readonly buildArgs?: ReadonlyMap<string, string>;
  /** Name or number of the stage to build; the last one when left out. */
  readonly target?: string;
  /** `linux/amd64` and the like; this machine's when left out. */
  readonly platform?: string;
  /** What stands for a name in FROM and --from: an image, or a string: a directory or an image of the store. */
  readonly buildContexts?: ReadonlyMap<string, string | Image>;
  readonly runner: StepRunner;
  /** Seconds since 1970, given to every file and to the image; 0 when left out. */
  readonly sourceDateEpoch?: number;
  readonly noCache?: boolean;
  /** By id, as `RUN --mount=type=secret,id=…` names them. */
  readonly secrets?: ReadonlyMap<string, Uint8Array>;
  readonly progress?: (event: BuildProgress) => void;
  readonly signal?: AbortSignal;
}

export type BuildProgress =
  | {
      readonly kind: "step";
      readonly stage: string;
      readonly line: number;
      /** The instruction, without its heredocs. */
      readonly text: string;
    }
  | { readonly kind: "done"; readonly cached: boolean; readonly seconds: number }
  /** A line that a RUN wrote. */
  | { readonly kind: "output"; readonly line: string }
  | { readonly kind: "warning"; readonly text: string };

/** A layer of the finished image, lowest first. */
export interface BuiltLayer {
  readonly digest: string;
  readonly diffId: string;
  /** Bytes as stored. */
  readonly size: number;
  /** The instruction that made it, as the image's history has it. */
  readonly createdBy: string;
}

export interface BuildResult {
  readonly image: Image;
  readonly layers: readonly BuiltLayer[];
  /** Steps that the cache answered: with a layer, or that they change no file. */
  readonly cached: number;
  readonly seconds: number;
}
