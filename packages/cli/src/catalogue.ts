import type { CommandSpec } from "./command.ts";

/** One line of `lithify --help`. The command's own file is loaded only when it is called. */
export interface Entry {
  /** `seal`, or `rollout start` for a command of a group. */
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: CommandSpec }>;
}

export const catalogue: readonly Entry[] = [
  {
    name: "build",
    summary: "build an image from a Dockerfile, with no daemon",
    load: () => import("./commands/build.ts"),
  },
  {
    name: "seal",
    summary: "make an image immutable",
    load: () => import("./commands/seal.ts"),
  },
  {
    name: "audit",
    summary: "prove, from layers and configuration, what an identity could change",
    load: () => import("./commands/audit.ts"),
  },
  {
    name: "prove",
    summary: "try every route in a throwaway container and compare with the audit",
    load: () => import("./commands/prove.ts"),
  },
  {
    name: "learn",
    summary: "find what a program must write, and the mounts that fit",
    load: () => import("./commands/learn.ts"),
  },
  {
    name: "attack",
    summary: "try real changes inside a running instance, as its own identity",
    load: () => import("./commands/attack.ts"),
  },
  {
    name: "run",
    summary: "run an image: read-only root, no capabilities, no new privileges",
    load: () => import("./commands/run.ts"),
  },
  { name: "ps", summary: "list instances", load: () => import("./commands/ps.ts") },
  {
    name: "logs",
    summary: "show what an instance wrote",
    load: () => import("./commands/logs.ts"),
  },
  {
    name: "exec",
    summary: "run a command inside an instance",
    load: () => import("./commands/exec.ts"),
  },
  { name: "stop", summary: "stop instances", load: () => import("./commands/stop.ts") },
  {
    name: "drift",
    summary: "compare running instances with what was sealed",
    load: () => import("./commands/drift.ts"),
  },
  {
    name: "rollout start",
    summary: "canary one sealed image against another",
    load: () => import("./commands/rollout-start.ts"),
  },
  {
    name: "rollout status",
    summary: "where a rollout stands, and on what evidence",
    load: () => import("./commands/rollout-status.ts"),
  },
  {
    name: "rollout promote",
    summary: "let a rollout that waits go on to its end",
    load: () => import("./commands/rollout-promote.ts"),
  },
  {
    name: "rollout abort",
    summary: "take the canary back at once",
    load: () => import("./commands/rollout-abort.ts"),
  },
  {
    name: "rollout close",
    summary: "end the splitter of a service and its instances",
    load: () => import("./commands/rollout-close.ts"),
  },
  {
    name: "rollout plan",
    summary: "what a plan can detect with the given traffic",
    load: () => import("./commands/rollout-plan.ts"),
  },
  {
    name: "rollout simulate",
    summary: "run a plan against made-up traffic",
    load: () => import("./commands/rollout-simulate.ts"),
  },
  {
    name: "ls",
    summary: "list the images of the store, or the files of one",
    load: () => import("./commands/ls.ts"),
  },
  {
    name: "copy",
    summary: "copy an image between store, layouts, archives, Docker engine and registries",
    load: () => import("./commands/copy.ts"),
  },
  {
    name: "diff",
    summary: "compare files, metadata and configuration of two images",
    load: () => import("./commands/diff.ts"),
  },
  {
    name: "validate",
    summary: "read everything an image consists of, and check every hash",
    load: () => import("./commands/validate.ts"),
  },
  {
    name: "inspect",
    summary: "show manifest, configuration and statement of an image",
    load: () => import("./commands/inspect.ts"),
  },
  {
    name: "volume export",
    summary: "write the protected trees as a verified read-only file system or directory",
    load: () => import("./commands/volume-export.ts"),
  },
  {
    name: "volume check",
    summary: "read a whole volume: every block and object against its seal",
    load: () => import("./commands/volume-check.ts"),
  },
  {
    name: "volume inspect",
    summary: "show the seal, the policy and the root hash of a volume",
    load: () => import("./commands/volume-inspect.ts"),
  },
  { name: "rm", summary: "remove names from the store", load: () => import("./commands/rm.ts") },
  {
    name: "gc",
    summary: "remove the blobs of the store that no name reaches",
    load: () => import("./commands/gc.ts"),
  },
  {
    name: "gateway image",
    summary: "assemble the gateway's base image from distribution packages",
    load: () => import("./commands/gateway-image.ts"),
  },
  {
    name: "gateway serve",
    summary: "serve a DataPower configuration tree from a folder",
    load: () => import("./commands/gateway-serve.ts"),
  },
  {
    name: "gateway lint",
    summary: "say what of a configuration is served, tolerated or unsupported",
    load: () => import("./commands/gateway-lint.ts"),
  },
  {
    name: "gateway test",
    summary: "run case files against a configuration: requests, answers, mocked backends",
    load: () => import("./commands/gateway-test.ts"),
  },
  {
    name: "gateway diff",
    summary: "compare two configurations by what they mean",
    load: () => import("./commands/gateway-diff.ts"),
  },
  {
    name: "gateway import",
    summary: "make a tree from an operator's DataPowerService and its ConfigMaps",
    load: () => import("./commands/gateway-import.ts"),
  },
  {
    name: "gateway print",
    summary: "write a configuration in canonical form",
    load: () => import("./commands/gateway-print.ts"),
  },
];
