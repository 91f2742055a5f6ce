export type {
  Engine,
  Instance,
  InstanceFacts,
  InstanceState,
  PortMapping,
  RunSpec,
} from "./engine.ts";
