import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "./expect.ts";
import { build } from "./image.ts";
import { seal } from "./seal.ts";
import { startTraffic, type TrafficCounts } from "./traffic.ts";
import { copyExample, freePort, type World } from "./world.ts";

interface StatusDocument {
  readonly phase: string;
  readonly weight: number;
  readonly canary: { readonly digest: string; readonly requests: number; readonly errors: number };
  readonly stable: { readonly requests: number; readonly errors: number };
  readonly evidence: readonly {
    readonly metric: string;
    readonly eHarm: number;
    readonly eSafety: number;
  }[];
  readonly why: string;
  readonly events: readonly { readonly type: string; readonly at: number }[];
}

const users = 400;
const perSecond = 300;
let port = 0;

/** A change that harms nobody: the answer says which version gave it. */
export async function rolloutGood(world: World): Promise<string> {
  port = await freePort();
  const good = await release(world, "echo:v2", (script) =>
    script.replace(
      /session\.output\.write\(/,
      'require("header-metadata").response.set("X-Version", "2");\n$&',
    ),
  );
  const { status, counts } = await roll(world, "echo:sealed", good);
  expect(
    status.phase === "completed",
    `the good change is promoted (${status.phase}: ${status.why})`,
  );
  return `promoted; ${summary(counts)}`;
}

/** A change that fails for a third of the users' requests. */
export async function rolloutBad(world: World): Promise<string> {
  const bad = await release(world, "echo:v3", (script) =>
    script.replace(
      /session\.output\.write\(/,
      'if (Math.random() < 0.33) throw new Error("a defect of version 3");\n$&',
    ),
  );
  const { status, counts } = await roll(world, "echo:v2", bad);
  expect(
    status.phase === "rolledBack",
    `the bad change is rolled back (${status.phase}: ${status.why})`,
  );
  const at = (type: string): number =>
    status.events.find((event) => event.type === type)?.at ?? Number.NaN;
  world.screen.line(
    `from the verdict to no user on the canary: ${Math.round(at("evacuated") - at("aborting"))} ms`,
  );
  return `rolled back by itself; ${summary(counts)}`;
}

interface Release {
  readonly tag: string;
  readonly digest: string;
}

/** Changes the script, builds, seals. */
async function release(
  world: World,
  tag: string,
  change: (script: string) => string,
): Promise<Release> {
  const directory = copyExample(world, tag.replace(":", "-"));
  const file = join(directory, "src/local/echo/echo.js");
  const before = readFileSync(file, "utf8");
  const after = change(before);
  expect(after !== before, `${tag} differs from the version before`);
  writeFileSync(file, after);
  await build(world, `${tag}-unsealed`, directory);
  const { document } = await seal(world.lithify, `${tag}-unsealed`, tag);
  world.screen.line(`${tag} ${document.digest}`);
  return { tag, digest: document.digest };
}

async function roll(
  world: World,
  stable: string,
  canary: Release,
): Promise<{ readonly status: StatusDocument; readonly counts: TrafficCounts }> {
  const plan = join(world.directory, "rollout.yaml");
  writeFileSync(plan, planText(stable, canary.tag));
  const rolling = world.lithify<StatusDocument>("rollout", "start", plan);
  rolling.catch(() => {});
  await isUnderWay(world, canary.digest);
  const traffic = startTraffic({ port, users, perSecond });
  const { document: status } = await rolling.finally(() => traffic.stop());
  const counts = traffic.counts;
  for (const one of status.evidence)
    world.screen.line(
      `${one.metric}: e-value for harm ${one.eHarm.toPrecision(3)}, for safety ${one.eSafety.toPrecision(3)}`,
    );
  world.screen.line(
    `canary ${status.canary.requests} requests, ${status.canary.errors} errors; stable ${status.stable.requests}, ${status.stable.errors}`,
  );
  world.screen.line(`why: ${status.why}`);
  const causes = [...counts.causes].map(([cause, count]) => `${cause} ×${count}`).join(", ");
  expect(counts.dropped === 0, `no request was dropped (${causes})`);
  return { status, counts };
}

function planText(stable: string, canary: string): string {
  return `name: demo
stable: ${stable}
canary: ${canary}
port: 8080
listen: 127.0.0.1:${port}
split: { unit: "cookie:user" }
block: 1s
drain: 5s
steps:
  - setWeight: 10%
  - observe: 3s
  - setWeight: 50%
  - analyse: { atMost: 30s }
deadline: { after: 40s, policy: rollback }
ready: { path: /ready, timeout: 20s }
`;
}

/** Waits until the canary takes part: the service serves by then. */
async function isUnderWay(world: World, digest: string): Promise<void> {
  const until = Date.now() + 30_000;
  for (;;) {
    const { document } = await world.lithify<{ rollouts: readonly StatusDocument[] }>(
      "rollout",
      "status",
    );
    const now = document.rollouts.find((rollout) => rollout.canary.digest === digest);
    if (now?.phase === "progressing" && now.weight > 0) return;
    if (Date.now() > until)
      throw new Error("the demo failed: the canary did not start within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function summary(counts: TrafficCounts): string {
  const statuses = [...counts.statuses].map(([status, count]) => `${count}×${status}`).join(" ");
  return `${counts.sent} requests (${statuses}), dropped ${counts.dropped}`;
}
