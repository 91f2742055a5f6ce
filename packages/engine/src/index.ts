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
export { findProgram } from "./host/program.ts";
export { type LearnedWrite, type LearnOptions, type LearnReport, learn } from "./learn/learn.ts";
export type { Renderings } from "./learn/renderings.ts";
export type { TracedRun, Workload } from "./learn/traced-run.ts";
export type { PlannedMount } from "./learn/writable-plan.ts";
export { type LocalEngineOptions, openLocalEngine } from "./local/engine.ts";
export { type Attack, type AttackResult, attack } from "./proof/attack.ts";
export {
  type ProvedAttempt,
  type ProveOptions,
  type ProveReport,
  prove,
} from "./proof/prove.ts";
export type { Residue } from "./proof/residue.ts";
export type { ProbeAnswer } from "./proof/run-probe.ts";
export { openSandbox } from "./steps/sandbox.ts";
export type { MountedVolume, VolumeSpec, VolumeTrees } from "./volume/volume.ts";
export {
  checkVolumeDirectory,
  type DirectoryCheck,
  writeVolumeDirectory,
} from "./volume/volume-directory.ts";
