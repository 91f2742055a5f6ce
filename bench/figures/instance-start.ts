import { join } from "node:path";
import type { Bench, Figure, Peer } from "../bench.ts";
import { copyExample, movePort } from "../example.ts";
import { secondsToFirst200 } from "../first-answer.ts";
import type { Docker } from "../peers/docker.ts";
import { Series } from "../samples.ts";
import { freePort } from "../workplace.ts";

const rounds = 5;
const sealed = "start-sealed";
const instance = "bench-start";

/** Figure 5: from the command that starts an instance to its first 200, beside docker with the same image. */
export const instanceStart: Figure = {
  name: "instance-start",
  title: "Start of a sealed instance",
  async measure(bench) {
    await bench.base();
    const port = await freePort();
    await sealedImage(bench, port);
    const docker = await handOver(bench, await bench.docker());
    const series = new Series();
    for (let round = -1; round < rounds; round++) {
      bench.workplace.say(
        `instance-start: ${round < 0 ? "warm-up" : `round ${round + 1} of ${rounds}`}`,
      );
      const ours = await startOurs(bench, port);
      const theirs = "peer" in docker ? await startDocker(bench, docker.peer, port) : undefined;
      if (round < 0) continue;
      series.add("ours", ours.answered);
      series.add("ours command", ours.command);
      if (theirs === undefined) continue;
      series.add("docker", theirs.answered);
      series.add("docker command", theirs.command);
    }
    const peer = (key: string) =>
      "peer" in docker ? { peer: { name: "docker run", samples: series.of(key) } } : {};
    return {
      rows: [
        { what: "first 200", unit: "s", ours: series.of("ours"), ...peer("docker") },
        {
          what: "the command's return",
          unit: "s",
          ours: series.of("ours command"),
          ...peer("docker command"),
        },
      ],
      notes: [
        `${rounds} rounds after one that is not counted. The same sealed image of the example, its port moved to a free one in echo.cfg.`,
        "Ours: `lithify run` with a network namespace of its own and a published port, read-only root, no capabilities, no new privileges, tmpfs where the policy says.",
        "docker: `docker run --detach --network host --read-only --cap-drop ALL --security-opt no-new-privileges` with the same tmpfs; the daemon here has no bridge, so docker saves the making of a network. The program start-up is in both: the gateway alone is in the figure before.",
      ],
      notMeasured: "missing" in docker ? [docker.missing] : [],
    };
  },
};

interface Start {
  readonly answered: number;
  readonly command: number;
}

async function sealedImage(bench: Bench, port: number): Promise<void> {
  const { workplace, lithify } = bench;
  const context = copyExample(workplace.path("start"));
  movePort(context, port);
  const mutable = "start-mutable";
  const dockerfile = join(context, "Dockerfile");
  await bench.ours.build({ context, dockerfile, tag: mutable, isCold: false });
  const policy = ["--policy", join(context, "lithify.yaml")];
  await lithify.run(["seal", mutable, "--tag", sealed, ...policy]);
}

/** The sealed image as docker knows it. */
async function handOver(bench: Bench, docker: Peer<Docker>): Promise<Peer<Docker>> {
  if ("missing" in docker) return docker;
  const { workplace } = bench;
  const layout = workplace.path("start-layout");
  try {
    await bench.ours.exportTo(sealed, layout);
    await docker.peer.load(layout, `localhost/${sealed}:latest`);
  } catch (error) {
    workplace.signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return { missing: workplace.scrub(`docker cannot take the sealed image in: ${why}`) };
  }
  return docker;
}

async function startOurs({ workplace, lithify }: Bench, port: number): Promise<Start> {
  const started = performance.now();
  const published = `${port}:${port}`;
  const running = lithify.run(["run", sealed, "--name", instance, "--publish", published]);
  try {
    const [finished, answered] = await Promise.all([
      running,
      secondsToFirst200(port, started, { signal: workplace.signal }),
    ]);
    return { answered, command: finished.seconds };
  } finally {
    await running.catch(() => undefined);
    await lithify.run(["stop", instance, "--time", "2"]);
  }
}

async function startDocker({ workplace }: Bench, docker: Docker, port: number): Promise<Start> {
  const health = await freePort();
  const started = performance.now();
  const running = docker.run([
    ...["run", "--detach", "--name", instance, "--network", "host", "--read-only"],
    ...["--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    ...["--env", `GATEWAY_HEALTH_PORT=${health}`],
    ...["/drouter/temporary", "/drouter/logtemp", "/tmp"].flatMap(tmpfs),
    `localhost/${sealed}`,
  ]);
  try {
    const [finished, answered] = await Promise.all([
      running,
      secondsToFirst200(port, started, { signal: workplace.signal }),
    ]);
    return { answered, command: finished.seconds };
  } finally {
    await running.catch(() => undefined);
    await docker.run(["rm", "--force", instance], [0, 1]);
  }
}

function tmpfs(path: string): readonly string[] {
  return ["--tmpfs", `${path.replace(/^\/drouter/, "/opt/ibm/datapower/drouter")}:mode=1777`];
}
