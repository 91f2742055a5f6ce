import type { Tree } from "@lithify/oci";

/** A volume to be mounted: a file or a directory that `lithify volume export` wrote. */
export interface VolumeSpec {
  readonly source: string;
  /** Where its one tree goes; where each tree belongs by the volume's own seal when left out. */
  readonly target?: string;
  /** 64 hexadecimal digits: the root hash of a file, the Merkle root of a directory. */
  readonly expected?: string;
}

/** One tree of a volume, mounted in an instance. */
export interface MountedVolume {
  readonly source: string;
  readonly form: "file" | "directory";
  readonly target: string;
  /** The path of the tree inside the volume. */
  readonly tree: string;
  /** Root hash of a file, Merkle root of a directory: 64 hexadecimal digits. */
  readonly identity: string;
  /** `every-read`: the kernel compares each block with the hash tree. */
  readonly verified: "every-read" | "at-mount";
  /** Why it is not verified at every read, one clause. */
  readonly notProven?: string;
  /** Where the engine keeps what is compared later: the volume itself, or the seal of a directory. */
  readonly kept: string;
}

/** What of a mounted volume can be compared: paths as the instance sees them. */
export interface VolumeTrees {
  readonly volume: MountedVolume;
  /** What its seal says; undefined where the volume itself is no longer what was mounted. */
  readonly sealed: Tree | undefined;
  /** What the process sees now; undefined where there is nothing. */
  readonly live: Tree | undefined;
}
