import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { Engine, Instance } from "@lithify/engine";
import { type Digest, digestOf } from "@lithify/oci";
import { startRollout } from "../../src/driver/start.ts";
import { parsePlan } from "../../src/plan/parse.ts";
import { sealsOf } from "./engine.ts";

/** What a controller process is started with: it dies and is started again, its instances live elsewhere. */
export interface ControllerConfig {
  readonly state: string;
  readonly plan: string;
  /** Ports of the images' one instance. */
  readonly ports: Readonly<Record<string, number>>;
  /** Keeps which instances run: the engine's own memory across controllers. */
  readonly running: string;
}

const config = JSON.parse(process.argv[2] ?? "") as ControllerConfig;
const names = Object.keys(config.ports);
const status = await startRollout({
  plan: parsePlan(config.plan, "plan.yaml"),
  engine: engineOf(config),
  openSealed: sealsOf(...names),
  state: config.state,
});
process.stdout.write(JSON.stringify(status));

function engineOf({ ports, running }: ControllerConfig): Engine {
  const read = (): readonly string[] => JSON.parse(readFileSync(running, "utf8")) as string[];
  const write = (ids: readonly string[]): void => {
    writeFileSync(`${running}.new`, JSON.stringify(ids));
    renameSync(`${running}.new`, running);
  };
  const instance = (name: string): Instance => {
    const parts: Partial<Instance> = {
      id: name,
      name,
      image: digestOf(name) as Digest,
      labels: { "lithify.rollout": "shop" },
      startedAt: 1,
      state: async () => ({ answer: "running", pid: 1 }),
      address: () => ({ host: "127.0.0.1", port: ports[name] ?? 0 }),
      stop: async () => {
        write(read().filter((id) => id !== name));
        return { exitCode: 0 };
      },
    };
    return parts as Instance;
  };
  return {
    name: "local",
    run: async ({ image }) => {
      const name = names.find((each) => digestOf(each) === image.digest) ?? "";
      write([...read(), name]);
      return instance(name);
    },
    list: async () => read().map(instance),
    find: async (id) => (read().includes(id) ? instance(id) : undefined),
  };
}
