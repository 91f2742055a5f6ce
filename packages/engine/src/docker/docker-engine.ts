import { join, resolve } from "node:path";
import type { Store } from "@lithify/oci";
import Docker from "dockerode";
import type { Engine, Instance, RunSpec } from "../engine.ts";
import { findProgram, throwIfAborted } from "../host/program.ts";
import { isAlive, type ProcessMark } from "../local/state.ts";
import { checkSpec, containerOptions, labels, nameOfContainer } from "./container-options.ts";
import { daemonFault, startFault } from "./daemon-fault.ts";
import type { DockerContext } from "./docker-context.ts";
import { dockerInstance } from "./docker-instance.ts";
import {
  checkMounted,
  mountForContainer,
  releaseForgotten,
  releaseVolumes,
  volumesOf,
} from "./docker-volumes.ts";
import { loadImage } from "./load-image.ts";

export interface DockerEngineOptions {
  readonly store: Store;
  /** The daemon's unix socket; DOCKER_HOST (`unix://…`), else /var/run/docker.sock. */
  readonly socketPath?: string;
  /** For PATH and DOCKER_HOST; the process's own when left out. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * The engine of a Docker daemon on this machine. Only containers that it started itself are its instances: they are
 * labelled, and named `lithify-NAME`. Throws Fault DAEMON_UNREACHABLE, RUNTIME_MISSING.
 */
export async function openDockerEngine(options: DockerEngineOptions): Promise<Engine> {
  const env = options.env ?? process.env;
  const socketPath = options.socketPath ?? socketOf(env);
  const docker = new Docker({ socketPath });
  try {
    await docker.ping();
  } catch (cause) {
    throw daemonFault(cause, "reach the Docker daemon", { socket: socketPath });
  }
  const [tar, runc] = [findProgram(env, "tar"), findProgram(env, "runc")];
  const [mount, umount] = [findProgram(env, "mount"), findProgram(env, "umount")];
  const programs = { tar, runc, mount, umount };
  const volumeDirectory = join(resolve(env.LITHIFY_STATE || "/run/lithify"), "docker-volumes");
  const context: DockerContext = { docker, programs, volumeDirectory };
  return {
    name: "docker",
    run: (spec, { signal } = {}) => run(context, options.store, spec, signal),
    list: () => list(context),
    find: (nameOrId) => find(context, nameOrId),
  };
}

function socketOf(env: NodeJS.ProcessEnv): string {
  const host = env.DOCKER_HOST || "unix:///var/run/docker.sock";
  if (host.startsWith("unix://")) return host.slice("unix://".length);
  throw daemonFault(undefined, "reach the Docker daemon", {
    socket: host,
    why: "only a daemon on a unix socket of this machine can be looked into",
  });
}

async function run(
  context: DockerContext,
  store: Store,
  spec: RunSpec,
  signal?: AbortSignal,
): Promise<Instance> {
  throwIfAborted(signal);
  await checkSpec(spec);
  const { docker } = context;
  const image = await loadImage(docker, store, spec.image);
  throwIfAborted(signal);
  const network = await networkOf(docker, spec);
  const volumes = await mountForContainer(context, spec.volumes ?? []);
  const wanted = containerOptions(spec, image, network, volumes);
  const container = await docker.createContainer(wanted).catch(async (cause: unknown) => {
    await releaseVolumes(context, volumes);
    throw startFault(cause, spec, wanted.name);
  });
  try {
    throwIfAborted(signal);
    await container.start();
    const started = await container.inspect();
    await checkMounted(volumes, started.State.Pid);
    return dockerInstance(context, started);
  } catch (cause) {
    await container.remove({ force: true, v: true }).catch(() => {});
    await releaseVolumes(context, volumes);
    throw startFault(cause, spec, wanted.name);
  }
}

/** A daemon without a bridge can only give a container no network at all. */
async function networkOf(docker: Docker, spec: RunSpec): Promise<"bridge" | "none"> {
  const networks = await docker.listNetworks({ filters: { driver: ["bridge"] } });
  if (networks.some(({ Name }) => Name === "bridge")) return "bridge";
  if ((spec.publish ?? []).length === 0) return "none";
  throw daemonFault(undefined, "publish a port", {
    why: "the daemon runs without a bridge network, so its containers have no address",
    code: "NETWORK_MISSING",
  });
}

/** Every instance, oldest first; containers whose starter died before they ran are removed. */
async function list(context: DockerContext): Promise<readonly Instance[]> {
  const { docker } = context;
  const listed = await docker
    .listContainers({ all: true, filters: { label: [labels.image] } })
    .catch((cause: unknown) => {
      throw daemonFault(cause, "list the containers of the daemon");
    });
  const found = await Promise.all(
    listed.map(async ({ Id, State, Labels }) => {
      const container = docker.getContainer(Id);
      if (State === "created") {
        if (!isAlive(JSON.parse(Labels[labels.by] ?? "{}") as ProcessMark))
          await container.remove({ force: true, v: true }).catch(() => {});
        return undefined;
      }
      // Stopped by another process between the two questions: no longer listed.
      const inspected = await container.inspect().catch(() => undefined);
      return inspected === undefined ? undefined : dockerInstance(context, inspected);
    }),
  );
  await releaseForgotten(
    context,
    listed.map(({ Labels }) => volumesOf(Labels)),
  );
  return found
    .filter((instance) => instance !== undefined)
    .toSorted((a, b) => a.startedAt - b.startedAt);
}

async function find(context: DockerContext, nameOrId: string): Promise<Instance | undefined> {
  const all = await list(context);
  const wanted = nameOrId.startsWith("lithify-") ? nameOfContainer(nameOrId) : nameOrId;
  const named = all.find(({ name }) => name === nameOrId || name === wanted);
  if (named !== undefined) return named;
  const matching = nameOrId === "" ? [] : all.filter(({ id }) => id.startsWith(nameOrId));
  return matching.length === 1 ? matching[0] : undefined;
}
