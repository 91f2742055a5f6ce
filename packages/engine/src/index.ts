export type {
  Engine,
  Instance,
  InstanceFacts,
  InstanceState,
  PortMapping,
  RunSpec,
} from "./engine.ts";
export { type LocalEngineOptions, openLocalEngine } from "./local-engine.ts";
export { openSandbox } from "./sandbox.ts";
