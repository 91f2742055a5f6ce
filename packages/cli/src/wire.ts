import type { StepRunner } from "@lithify/build";
import type { Engine } from "@lithify/engine";
import { Fault } from "@lithify/fault";
import type { Store } from "@lithify/oci";

/**
 * Where seams meet backends: the only file that names them. Each is opened at its first use, so that a
 * command pays only for what it needs.
 */
export interface Wire {
  /** The tool's own store. */
  readonly store: () => Promise<Store>;
  /** Runs images: the local engine, or the Docker daemon where LITHIFY_ENGINE or `name` says `docker`. */
  readonly engine: (name?: string) => Promise<Engine>;
  /** Runs the RUN steps of a Dockerfile; a Dockerfile without any needs neither root nor a runtime. */
  readonly runner: StepRunner;
  /** Where rollouts keep their logs. */
  readonly rollouts: () => Promise<string>;
}

export function wireFor(env: NodeJS.ProcessEnv): Wire {
  const store = once(async () => {
    const { defaultStoreDirectory, openStore } = await import("@lithify/oci");
    return openStore(defaultStoreDirectory(env));
  });
  const engines = new Map<string, () => Promise<Engine>>([
    [
      "local",
      once(async () => {
        const { openLocalEngine } = await import("@lithify/engine");
        return openLocalEngine({ store: await store(), env });
      }),
    ],
    [
      "docker",
      once(async () => {
        const { openDockerEngine } = await import("@lithify/engine");
        return openDockerEngine({ store: await store(), env });
      }),
    ],
  ]);
  return {
    store,
    engine: async (name = env.LITHIFY_ENGINE || "local") => {
      const open = engines.get(name);
      if (open !== undefined) return open();
      throw new Fault("USAGE", "the engine", {
        why: `it is one of ${[...engines.keys()].join(", ")}`,
        values: { engine: name },
      });
    },
    runner: {
      run: async (step, options) => {
        const { openSandbox } = await import("@lithify/engine");
        return openSandbox({ store: await store() }).run(step, options);
      },
    },
    rollouts: once(async () => {
      const { stateDirectory } = await import("@lithify/rollout");
      return stateDirectory(env);
    }),
  };
}

function once<T>(open: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | undefined;
  return () => {
    value ??= open();
    return value;
  };
}
