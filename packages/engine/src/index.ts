export { type Attack, type AttackResult, attack } from "./attack.ts";
export { type DockerEngineOptions, openDockerEngine } from "./docker/docker-engine.ts";
export type {
  Engine,
  Instance,
  InstanceFacts,
  InstanceState,
  PortMapping,
  RunLimits,
  RunSpec,
} from "./engine.ts";
export { type LearnedWrite, type LearnOptions, type LearnReport, learn } from "./learn/learn.ts";
export type { Renderings } from "./learn/renderings.ts";
export type { TracedRun, Workload } from "./learn/traced-run.ts";
export type { PlannedMount } from "./learn/writable-plan.ts";
export { type LocalEngineOptions, openLocalEngine } from "./local-engine.ts";
export { findProgram } from "./program.ts";
export {
  type ProvedAttempt,
  type ProveOptions,
  type ProveReport,
  prove,
  type Residue,
} from "./prove.ts";
export type { ProbeAnswer } from "./run-probe.ts";
export { openSandbox } from "./sandbox.ts";
export type { MountedVolume, VolumeSpec, VolumeTrees } from "./volume/volume.ts";
export {
  checkVolumeDirectory,
  type DirectoryCheck,
  writeVolumeDirectory,
} from "./volume/volume-directory.ts";
