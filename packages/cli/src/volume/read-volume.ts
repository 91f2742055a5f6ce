import { stat } from "node:fs/promises";
import { checkVolumeDirectory } from "@lithify/engine";
import { checkVolume, type VolumeCheck } from "@lithify/seal";

/** What was read of a volume in either form; a directory has no root hash, no hash tree and no blocks. */
export interface ReadVolume extends Pick<VolumeCheck, "seal" | "changes" | "damagedBlocks"> {
  readonly form: "file" | "directory";
  readonly rootHash?: string;
  readonly hashOffset?: number;
  readonly bytes?: number;
}

/** Reads a whole volume, file or directory. Throws Fault VOLUME_INVALID. */
export async function readVolume(
  path: string,
  env: NodeJS.ProcessEnv,
  expected?: string,
): Promise<ReadVolume> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) {
    const check = await checkVolumeDirectory(path, expected === undefined ? {} : { expected }, env);
    return { form: "directory", seal: check.seal, changes: check.changes, damagedBlocks: [] };
  }
  const check = await checkVolume(path, expected === undefined ? {} : { rootHash: expected });
  const { seal, changes, damagedBlocks, rootHash, hashOffset } = check;
  return {
    ...{ form: "file", seal, changes, damagedBlocks, rootHash, hashOffset },
    ...(found === undefined ? {} : { bytes: found.size }),
  };
}
