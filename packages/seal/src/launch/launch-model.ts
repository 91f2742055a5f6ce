import type { ImageConfig } from "@lithify/oci";
import { type AccessModel, modelOf } from "../access/model.ts";
import type { Launch, LaunchCommand } from "./launch.ts";

/** The model of the image with the command, the environment and the directory that a manifest gives it. */
export function launchModel(model: AccessModel, { command }: Launch): AccessModel {
  const own = modelOf({
    tree: model.tree,
    config: configWith(model.config, command),
    policy: model.policy,
    accounts: model.accounts,
    contents: model.contents,
    more: command.more,
  });
  return { ...own, missing: model.missing };
}

function configWith(config: ImageConfig, given: LaunchCommand): ImageConfig {
  const { entrypoint, command, workingDirectory, health } = given;
  const own = config.config ?? {};
  return {
    ...config,
    config: {
      ...own,
      ...(entrypoint === undefined ? {} : { Entrypoint: [...entrypoint], Cmd: [] }),
      ...(command === undefined ? {} : { Cmd: [...command] }),
      ...(workingDirectory === undefined ? {} : { WorkingDir: workingDirectory }),
      ...(health === undefined
        ? {}
        : { Healthcheck: { Test: health.length === 0 ? ["NONE"] : ["CMD", ...health] } }),
      Env: mergedEnvironment(own.Env ?? [], given.env),
    },
  };
}

function mergedEnvironment(own: readonly string[], given: readonly string[]): readonly string[] {
  const byName = new Map<string, string>();
  for (const pair of [...own, ...given]) byName.set(pair.split("=", 1)[0] ?? pair, pair);
  return [...byName.values()];
}
