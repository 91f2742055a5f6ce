import { mkdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { Builder } from "../builder.ts";
import { baseName } from "../checkout.ts";
import { command, type Finished, programPath, type Service, startService } from "../commands.ts";
import type { Workplace } from "../workplace.ts";

/** A Docker daemon of our own, with its socket and everything it keeps in the workplace. */
export interface Docker {
  readonly builder: Builder;
  /** Seconds to take the base image in. */
  readonly loadSeconds: number;
  /** Runs the client against this daemon. */
  readonly run: (args: readonly string[], answers?: readonly number[]) => Promise<Finished>;
  /** Takes an image in from an OCI layout, under a name. */
  readonly load: (layout: string, name: string) => Promise<Finished>;
}

/** What is missing for this peer, or undefined. */
export function dockerMissing(): string | undefined {
  if (programPath("dockerd") === undefined || programPath("docker") === undefined)
    return "docker: the program is missing; install docker.io";
  if (programPath("skopeo") === undefined)
    return "docker: the base image cannot be handed over; install skopeo";
  if (process.getuid?.() !== 0) return "docker: its daemon needs root";
  return undefined;
}

/**
 * Starts the daemon (no bridge, no packet filter rules) and loads the base image from an OCI layout
 * under the name that the example has in FROM.
 */
export async function openDocker(workplace: Workplace, baseLayout: string): Promise<Docker> {
  const { host } = await startDaemon(workplace);
  const env = {
    ...process.env,
    DOCKER_HOST: host,
    DOCKER_BUILDKIT: "0",
    DOCKER_CONFIG: workplace.path("docker/config"),
  };
  const run: Docker["run"] = (args, answers = [0]) =>
    command(programPath("docker") ?? "docker", args, { env, signal: workplace.signal, answers });
  const load: Docker["load"] = async (layout, name) =>
    run(["load", "--input", await archiveOf(layout, name)]);
  const { seconds } = await load(baseLayout, baseName);
  return { builder: dockerBuilder(run, host), loadSeconds: seconds, run, load };
}

/** The image as `docker save` would write it. By way of gzip: skopeo makes no such archive of zstd layers. */
async function archiveOf(layout: string, name: string): Promise<string> {
  const archive = `${layout}.tar`;
  await skopeo([
    ...["--dest-compress-format", "gzip"],
    ...[`oci:${layout}:image`, `oci:${layout}.gzip:image`],
  ]);
  await skopeo([`oci:${layout}.gzip:image`, `docker-archive:${archive}:${name}`]);
  return archive;
}

/** Copies an image between places that skopeo knows, whatever signature policy the machine has. */
export async function skopeo(args: readonly string[]): Promise<Finished> {
  return command(programPath("skopeo") ?? "skopeo", ["--insecure-policy", "copy", ...args]);
}

async function startDaemon(workplace: Workplace): Promise<{ readonly host: string }> {
  const directory = workplace.path("docker");
  mkdirSync(directory);
  const host = `unix://${directory}/s`;
  const daemon = await startService(programPath("dockerd") ?? "dockerd", [
    ...["--host", host, "--data-root", `${directory}/d`, "--exec-root", `${directory}/e`],
    ...["--pidfile", `${directory}/p`, "--iptables=false", "--ip6tables=false", "--bridge=none"],
  ]);
  workplace.defer("stopping dockerd", daemon.stop);
  await untilAnswering(daemon, host);
  return { host };
}

async function untilAnswering(daemon: Service, host: string): Promise<void> {
  const docker = programPath("docker") ?? "docker";
  for (let attempt = 0; attempt < 150; attempt++) {
    if (daemon.hasEnded()) throw new Error(`dockerd ended: ${daemon.output().slice(-800)}`);
    const { exitCode } = await command(docker, ["--host", host, "version"], { answers: [0, 1] });
    if (exitCode === 0) return;
    await pause(200);
  }
  throw new Error(`dockerd did not answer within 30 s: ${daemon.output().slice(-800)}`);
}

const reference = (tag: string): string => `localhost/${tag}`;

function dockerBuilder(run: Docker["run"], host: string): Builder {
  return {
    name: "docker build",
    hasStepCache: true,
    reference,
    build: ({ context, dockerfile, tag, isCold }) =>
      run([
        ...["build", "--network", "none", "--file", dockerfile, "--tag", reference(tag)],
        ...(isCold ? ["--no-cache"] : []),
        context,
      ]),
    identity: async (tag) =>
      (await run(["inspect", "--format", "{{.Id}}", reference(tag)])).stdout.trim(),
    exportTo: async (tag, layout) => {
      const daemon = ["--src-daemon-host", host];
      await skopeo([...daemon, `docker-daemon:${reference(tag)}:latest`, `oci:${layout}:image`]);
    },
  };
}
