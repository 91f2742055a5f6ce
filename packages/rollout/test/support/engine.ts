import { randomBytes } from "node:crypto";
import type { RequestListener } from "node:http";
import type { Engine, Instance, InstanceState } from "@lithify/engine";
import { Fault } from "@lithify/fault";
import { type Digest, digestOf, type Image } from "@lithify/oci";
import type { SealedImage } from "@lithify/seal";
import { startBackend, type TestBackend } from "./backend.ts";

/** Behaviour of an image: what its instances answer; "ends" for a process that does not stay up. */
export type Behaviour = RequestListener | "ends";

export interface TestEngine extends Engine {
  /** Instances that have been started so far, stopped ones included. */
  readonly started: () => readonly string[];
  running(): Promise<readonly Instance[]>;
  stopAll(): Promise<void>;
}

export function testImage(name: string): Image {
  // The driver reads nothing but the digest.
  return { digest: digestOf(name) } as Image;
}

/** Opens only the names that are given: anything else has no seal. */
export function sealsOf(...names: readonly string[]): (reference: string) => Promise<SealedImage> {
  return async (reference) => {
    const name = names.find((known) => reference === known);
    if (name === undefined) throw new Fault("SEAL_MISSING", `the seal of ${reference}`);
    // Of a seal, the driver reads the image and the writable paths; verifying is the seal package's part.
    return {
      image: testImage(name),
      statement: { policy: { writable: ["/tmp"] } },
    } as unknown as SealedImage;
  };
}

/** An engine whose instances are HTTP servers in this process. */
export function testEngine(behaviours: Readonly<Record<string, Behaviour>>): TestEngine {
  const byDigest = new Map(
    Object.entries(behaviours).map(([name, behaviour]) => [digestOf(name), behaviour]),
  );
  const instances: Instance[] = [];
  const started: string[] = [];
  const running = async (): Promise<readonly Instance[]> => {
    const states = await Promise.all(instances.map((instance) => instance.state()));
    return instances.filter((_, i) => states[i]?.answer === "running");
  };
  return {
    name: "local",
    run: async (spec) => {
      const behaviour = byDigest.get(spec.image.digest);
      if (behaviour === undefined) throw new Error("no such image");
      const backend = behaviour === "ends" ? undefined : await startBackend(behaviour);
      const instance = instanceOf(spec.image.digest, spec.labels ?? {}, backend);
      instances.push(instance);
      started.push(instance.id);
      return instance;
    },
    list: running,
    find: async (id) => instances.find((instance) => instance.id === id),
    started: () => started,
    running,
    stopAll: async () => {
      for (const instance of await running()) await instance.stop();
    },
  };
}

function instanceOf(
  image: Digest,
  labels: Readonly<Record<string, string>>,
  backend: TestBackend | undefined,
): Instance {
  const id = randomBytes(6).toString("hex");
  let state: InstanceState =
    backend === undefined
      ? { answer: "ended", exitCode: 1 }
      : { answer: "running", pid: process.pid };
  const instance: Partial<Instance> = {
    id,
    name: id,
    image,
    labels,
    mutable: false,
    startedAt: Date.now(),
    published: [],
    state: async () => state,
    address: () => ({ host: "127.0.0.1", port: backend?.port ?? 1 }),
    logs: async function* () {
      yield "starting\ncannot open the configuration\n";
    },
    stop: async () => {
      state = { answer: "ended", exitCode: 0 };
      await backend?.stop();
      return { exitCode: 0 };
    },
  };
  return instance as Instance;
}
