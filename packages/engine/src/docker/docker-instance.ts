import { PassThrough, Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { Fault } from "@lithify/fault";
import { type Digest, parseDigest } from "@lithify/oci";
import type Docker from "dockerode";
import type { ContainerInspectInfo } from "dockerode";
import type { Instance, InstanceFacts, PortMapping } from "../engine.ts";
import { factsOf } from "../local/kernel-facts.ts";
import { volumeTreesOf } from "../volume/volume-trees.ts";
import { labels, nameOfContainer } from "./container-options.ts";
import { checkLocal, daemonFault } from "./daemon-fault.ts";
import type { DockerContext } from "./docker-context.ts";
import { execInContainer } from "./docker-exec.ts";
import { snapshotOfContainer, touchedIn } from "./docker-root.ts";
import { releaseVolumes, volumesOf } from "./docker-volumes.ts";

/** A container that this engine started, by what the daemon says of it. Everything that changes is asked again at each call. */
export function dockerInstance(context: DockerContext, first: ContainerInspectInfo): Instance {
  const { docker } = context;
  const container = docker.getContainer(first.Id);
  const name = nameOfContainer(first.Name);
  const labelled = first.Config.Labels;
  const volumes = volumesOf(labelled);
  const ended = () =>
    new Fault("INSTANCE_ENDED", `the instance ${name}`, { values: { id: first.Id } });
  const inspected = async () => {
    const now = await container.inspect().catch(() => undefined);
    if (now === undefined) throw ended();
    return now;
  };
  const running = async () => {
    const now = await inspected();
    if (!now.State.Running) throw ended();
    return now;
  };
  return {
    id: first.Id,
    name,
    image: imageOf(labelled),
    labels: JSON.parse(labelled[labels.own] ?? "{}"),
    mutable: labelled[labels.mutable] === "true",
    startedAt: Date.parse(first.State.StartedAt),
    published: publishedOf(first),
    volumes: volumes.volumes,
    state: async () => {
      const { State } = await inspected();
      return State.Running
        ? { answer: "running", pid: State.Pid }
        : { answer: "ended", exitCode: State.ExitCode };
    },
    address: (port) => ({ host: addressOf(first), port }),
    logs: ({ follow = false, signal } = {}) => logsOf(docker, first.Id, follow, signal),
    exec: async (command, options = {}) =>
      execInContainer(context, await running(), command, options),
    stop: async ({ graceSeconds = 10 } = {}) => {
      if ((await inspected()).State.Running)
        await container.stop({ t: Math.ceil(graceSeconds) }).catch(ignoreStopped);
      const { State } = await inspected();
      await container.remove({ force: true, v: true });
      await releaseVolumes(context, volumes);
      return { exitCode: State.ExitCode };
    },
    snapshot: async () => snapshotOfContainer(context, await running()),
    touched: async () => touchedIn(await running()),
    facts: async () => factsInside(await running()),
    volumeTrees: async () => {
      const { State } = await running();
      return volumeTreesOf(context.programs.tar, volumes.volumes, State.Pid);
    },
  };
}

function imageOf(labelled: Readonly<Record<string, string>>): Digest {
  return parseDigest(labelled[labels.image] ?? "");
}

function publishedOf(inspected: ContainerInspectInfo): readonly Required<PortMapping>[] {
  const { Ports } = inspected.NetworkSettings;
  return Object.entries(Ports ?? {}).flatMap(([key, bindings]) =>
    (bindings ?? []).map(({ HostIp, HostPort }) => ({
      host: HostIp,
      hostPort: Number(HostPort),
      containerPort: Number.parseInt(key, 10),
    })),
  );
}

/** On a daemon without a bridge a container has no address, and only what runs inside reaches it. */
function addressOf(inspected: ContainerInspectInfo): string {
  const networks = Object.values(inspected.NetworkSettings.Networks ?? {});
  const address = networks.map(({ IPAddress }) => IPAddress).find((text) => text !== "");
  if (address !== undefined) return address;
  throw new Fault("NETWORK_MISSING", `the address of ${nameOfContainer(inspected.Name)}`, {
    why: "its container has no network, or has ended",
  });
}

async function* logsOf(
  docker: Docker,
  id: string,
  follow: boolean,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const container = docker.getContainer(id);
  const wanted = { stdout: true, stderr: true } as const;
  // Without `follow` the daemon answers in one piece; both forms interleave the two outputs in frames.
  const source = await (follow
    ? container.logs({ ...wanted, follow: true })
    : container.logs({ ...wanted, follow: false }).then((bytes) => Readable.from([bytes]))
  ).catch((cause: unknown) => {
    throw daemonFault(cause, "read what an instance wrote");
  });
  const bytes = new PassThrough();
  docker.modem.demuxStream(source, bytes, bytes);
  source.once("end", () => bytes.end());
  source.once("close", () => bytes.end());
  source.once("error", () => bytes.end());
  const giveUp = () => bytes.end();
  signal?.addEventListener("abort", giveUp);
  const decoder = new StringDecoder("utf8");
  try {
    for await (const chunk of bytes) {
      const text = decoder.write(chunk as Buffer);
      if (text !== "") yield text;
    }
    const rest = decoder.end();
    if (rest !== "") yield rest;
  } finally {
    signal?.removeEventListener("abort", giveUp);
    if (source instanceof Readable || "destroy" in source) (source as Readable).destroy();
  }
}

function ignoreStopped(cause: unknown): void {
  const isStopped = cause instanceof Error && "statusCode" in cause && cause.statusCode === 304;
  if (!isStopped) throw daemonFault(cause, "stop an instance");
}

/** Read from the kernel of this machine: what the daemon says it asked for is not what the process has. */
async function factsInside(inspected: ContainerInspectInfo): Promise<InstanceFacts> {
  const { Pid } = inspected.State;
  checkLocal(inspected);
  const started = JSON.parse(inspected.Config.Labels[labels.started] ?? "[]") as string[];
  return factsOf(Pid, started);
}
