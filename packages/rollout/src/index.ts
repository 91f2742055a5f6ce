export { type Decision, decide, type Facts, type Intent } from "./core/decide.ts";
export type { Happening, OperatorCommand, RolloutEvent } from "./core/event.ts";
export { fold, foldLog, type Phase, type RolloutState, type Stage } from "./core/state.ts";
export { type RolloutStatus, type SideStatus, statusOf } from "./core/status.ts";
export { systemClock } from "./driver/clock.ts";
export { rolloutLabel } from "./driver/instances.ts";
export { type RolloutRun, runRollout } from "./driver/local.ts";
export {
  giveCommand,
  listRollouts,
  type Room,
  readStatus,
  roomOf,
  stateDirectory,
} from "./driver/room.ts";
export { closeService, type RolloutStart, splitterStatus, startRollout } from "./driver/start.ts";
export { type Forecast, type ForecastQuestion, forecast } from "./forecast/planner.ts";
export { seededRandom } from "./forecast/random.ts";
export {
  type SimulatedRollout,
  type Simulation,
  simulateMany,
  simulateRollout,
} from "./forecast/simulate.ts";
export {
  type Evidence,
  evidenceOf,
  type JudgePlan,
  type JudgeState,
  judgeBlock,
  newJudge,
  type Verdict,
  verdictOf,
} from "./judge/judge.ts";
export { zeroEventUnits } from "./judge/wald.ts";
export { type EventLog, openEventLog, readEventLog } from "./log/event-log.ts";
export { parsePlan } from "./plan/parse.ts";
export type {
  DeadlinePolicy,
  Metric,
  Plan,
  SplitPlan,
  Step,
  UnitSource,
} from "./plan/plan.ts";
export type {
  Backend,
  Block,
  Clock,
  MetricSource,
  Side,
  SideCounts,
  TrafficSplitter,
} from "./seams.ts";
export { openDetachedSplitter, type SplitterProcessConfig } from "./splitter/detached.ts";
export { connectSplitter, type RemoteSplitter } from "./splitter/remote.ts";
export {
  openSplitter,
  type SideState,
  type Splitter,
  type SplitterConfig,
  type SplitterStatus,
} from "./splitter/splitter.ts";
export { bucketOf } from "./splitter/unit.ts";
