export { type Attack, type AttackResult, attack } from "./attack.ts";
export type {
  Engine,
  Instance,
  InstanceFacts,
  InstanceState,
  PortMapping,
  RunSpec,
} from "./engine.ts";
export { type LocalEngineOptions, openLocalEngine } from "./local-engine.ts";
export {
  type ProvedAttempt,
  type ProveOptions,
  type ProveReport,
  prove,
  type Residue,
} from "./prove.ts";
export type { ProbeAnswer } from "./run-probe.ts";
export { openSandbox } from "./sandbox.ts";
