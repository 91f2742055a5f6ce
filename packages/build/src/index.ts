export { assembleGatewayBase, type BaseOptions } from "./base/assemble.ts";
export { buildImage } from "./build-image.ts";
export type { BuildOptions, BuildProgress, BuildResult, BuiltLayer } from "./options.ts";
export type { Step, StepMount, StepResult, StepRunner } from "./step-runner.ts";
