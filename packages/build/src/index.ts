export type { Step, StepMount, StepResult, StepRunner } from "./step-runner.ts";
