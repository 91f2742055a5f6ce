export { type Baseline, baselineOfImage, baselineOfSeal } from "./baseline.ts";
export type { Change, ChangeClass } from "./change.ts";
export {
  compareInstance,
  type DriftReport,
  driftOf,
  type InstanceDrift,
  reportOf,
} from "./drift.ts";
