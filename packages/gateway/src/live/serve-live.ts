import { type FSWatcher, readdirSync, statSync, watch } from "node:fs";
import { join } from "node:path";
import { isFault } from "@lithify/fault";
import { compareConfigurations } from "../compare/compare-configurations.ts";
import type { Difference } from "../compare/difference.ts";
import { loadConfiguration } from "../config/load.ts";
import type { Configuration } from "../config/model.ts";
import { planServices } from "../plan/plan-services.ts";
import { obstacleText } from "../plan/service-plan.ts";
import type { GatewayOptions } from "../serve/gateway-options.ts";
import { type Gateway, serveGateway } from "../serve/serve-gateway.ts";

/** What became of a change in the files. */
export type LiveChange =
  | {
      readonly outcome: "served";
      readonly differences: readonly Difference[];
      readonly files: readonly string[];
    }
  | { readonly outcome: "kept"; readonly why: string };

export interface LiveOptions extends GatewayOptions {
  /** Hears of every change, once it is served or refused. */
  readonly changed: (change: LiveChange, gateway: Gateway) => void;
}

/** A gateway that follows its files. */
export interface LiveGateway {
  /** The gateway that serves now. */
  readonly current: Gateway;
  /** What the files said when they were last taken up. */
  readonly files: Configuration;
  close(): Promise<void>;
}

/** Editors write a file in several steps; changes are taken together that lie this close, in ms. */
const settleTime = 150;

/**
 * Serves the tree below `root` and takes up changes of `config/` and `local/` while it runs. A
 * configuration that cannot be read whole, or that would take down a service which is up, is not
 * taken up: what was served before goes on. Ports that stay keep their connections.
 */
export async function serveLive(options: LiveOptions): Promise<LiveGateway> {
  const { root } = options;
  let configuration = loadConfiguration(root);
  let files = filesOf(root);
  const gateway = await serveGateway({ ...withoutSignal(options), configuration });
  let timer: NodeJS.Timeout | undefined;
  let work = Promise.resolve();
  let closed: Promise<void> | undefined;

  const reload = async (): Promise<void> => {
    if (closed !== undefined) return;
    const now = filesOf(root);
    const touched = changedFiles(files, now);
    if (touched.length === 0) return;
    files = now;
    const next = openNext(root, gateway);
    if (typeof next === "string") {
      options.changed({ outcome: "kept", why: next }, gateway);
      return;
    }
    const differences = compareConfigurations(configuration, next);
    configuration = next;
    await gateway.apply(next);
    options.changed({ outcome: "served", differences, files: touched }, gateway);
  };
  const watchers = watchTrees(root, () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      work = work.then(reload).catch((error: unknown) => {
        options.changed({ outcome: "kept", why: (error as Error).message }, gateway);
      });
    }, settleTime);
  });
  const close = (): Promise<void> => {
    closed ??= (async () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      await work;
      await gateway.close();
    })();
    return closed;
  };
  if (options.signal?.aborted === true) await close();
  else options.signal?.addEventListener("abort", () => void close(), { once: true });
  return {
    current: gateway,
    get files() {
      return configuration;
    },
    close,
  };
}

/** The configuration as it is now, or why it is not taken up. */
function openNext(root: string, gateway: Gateway): Configuration | string {
  let next: Configuration;
  try {
    next = loadConfiguration(root);
  } catch (error) {
    if (isFault(error)) return error.message;
    throw error;
  }
  const broken = next.problems.find(
    ({ fault, scope }) => fault !== undefined || scope === "domain",
  );
  if (broken !== undefined) {
    return `${broken.origin.file}:${broken.origin.line}: ${broken.message}`;
  }
  const up = new Set(
    gateway
      .health()
      .services.filter(({ state }) => state === "up")
      .map(({ domain, name, kind }) => `${domain}/${kind}/${name}`),
  );
  const planned = planServices(next);
  for (const service of planned) {
    if (service.state !== "down") continue;
    const [obstacle] = service.obstacles;
    const was = up.has(`${service.domain}/${service.kind}/${service.name}`);
    if (was && obstacle !== undefined) return obstacleText(obstacle);
  }
  if (up.size > 0 && !planned.some(({ state }) => state === "ready")) {
    return "no service of it could be served";
  }
  return next;
}

function withoutSignal(options: LiveOptions): GatewayOptions {
  const { signal: _signal, changed: _changed, ...rest } = options;
  return rest;
}

function watchTrees(root: string, changed: () => void): readonly FSWatcher[] {
  return ["config", "local"]
    .map((name) => join(root, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    .map((path) => watch(path, { recursive: true }, changed));
}

/** Size and time of every file of the two trees. */
function filesOf(root: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const tree of ["config", "local"]) {
    const path = join(root, tree);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    for (const name of readdirSync(path, { recursive: true, encoding: "utf8" })) {
      const found = statSync(join(path, name), { throwIfNoEntry: false });
      if (found?.isFile() === true) files.set(join(tree, name), `${found.size} ${found.mtimeMs}`);
    }
  }
  return files;
}

function changedFiles(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): readonly string[] {
  const names = new Set([...before.keys(), ...after.keys()]);
  return [...names].filter((name) => before.get(name) !== after.get(name)).sort();
}
