import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { RolloutDocument } from "./documents.ts";
import { freePort } from "./free-port.ts";
import type { FaultAnswer } from "./lithify.ts";
import { cannotRun, openPlace, type Place, processesOf, skips, until } from "./place.ts";
import { buildSmall, type SealDocument, script } from "./small-image.ts";
import { startTraffic, type Traffic } from "./traffic.ts";

interface PsDocument {
  readonly instances: readonly { readonly image: string; readonly state: string }[];
}

describe.skipIf(skips("rollouts", cannotRun()))("rollouts", () => {
  let place: Place;
  let port: number;
  const digests = new Map<string, string>();
  const traffics: Traffic[] = [];

  beforeAll(async () => {
    place = openPlace();
    port = await freePort();
    const scripts = {
      "shop:1": script("200 OK", "one"),
      "shop:2": script("200 OK", "two"),
      "shop:bad": script("500 Internal Server Error", "bad"),
    };
    for (const [ref, text] of Object.entries(scripts)) {
      await buildSmall(place, `${ref}-open`, { script: text });
      const policy = place.at(`context-${ref.replace(":", "-")}-open`, "lithify.yaml");
      const args = ["seal", `${ref}-open`, "--tag", ref, "--policy", policy];
      digests.set(ref, (await place.ask<SealDocument>(args)).digest);
    }
  });
  afterEach(async () => {
    for (const traffic of traffics.splice(0)) await traffic.stop();
    const { rollouts } = await place.ask<{ rollouts: { name: string }[] }>(["rollout", "status"]);
    for (const { name } of rollouts) await place.run(["rollout", "close", name]);
    expect(processesOf(place.directory)).toEqual([]);
    expect(await running()).toEqual([]);
  });
  afterAll(() => place.close());

  it("promotes a good canary, and no request is dropped", async () => {
    const call = start(plan("good", "shop:1", "shop:2"));
    const traffic = await trafficOnceServing();
    const status = await call.done;
    expect(status.document, status.stderr).toMatchObject({ phase: "completed", cut: 0 });
    expect(status.exitCode).toBe(0);
    expect(status.document.canary.requests).toBeGreaterThan(0);
    expect(status.document.canary.digest).toBe(digests.get("shop:2"));
    await until(() => (traffic.seen.bodies.get("two") ?? 0) > 20);
    const seen = await traffic.stop();
    expect(seen.dropped).toEqual([]);
    expect([...seen.statuses]).toEqual([[200, seen.sent]]);
    expect([...seen.bodies.keys()].sort()).toEqual(["one", "two"]);
    expect(await running()).toEqual([digests.get("shop:2")]);
    expect(await bodyNow()).toBe("two");
    const again = await place.run<RolloutDocument>(["rollout", "status", "good", "--json"]);
    expect(again.document).toEqual(status.document);
    expect(again.exitCode).toBe(0);
  });

  it("rolls a bad canary back by itself, and no request is dropped", async () => {
    const call = start(plan("bad", "shop:1", "shop:bad"));
    const traffic = await trafficOnceServing();
    const status = await call.done;
    expect(status.document, status.stderr).toMatchObject({
      phase: "rolledBack",
      weight: 0,
      cut: 0,
    });
    expect(status.exitCode).toBe(1);
    expect(status.document.canary.errors).toBeGreaterThan(0);
    expect(status.document.why).toMatch(/canary/);
    const rolledBackAt = traffic.seen.sent;
    const failed = traffic.seen.statuses.get(500);
    await until(() => traffic.seen.sent > rolledBackAt + 30);
    const seen = await traffic.stop();
    expect(seen.dropped).toEqual([]);
    expect([...seen.statuses.keys()].sort()).toEqual([200, 500]);
    expect(seen.statuses.get(500)).toBe(failed);
    expect(await running()).toEqual([digests.get("shop:1")]);
    expect((await place.run(["rollout", "status", "bad"])).exitCode).toBe(1);
  });

  it("does what the operator says from another process: promote out of a pause, abort", async () => {
    const call = start(plan("asked", "shop:1", "shop:2", "- pause\n  - observe: 1h"));
    const traffic = await trafficOnceServing();
    await phase("asked", "paused");
    await place.ask(["rollout", "promote", "asked"]);
    await phase("asked", "progressing", (status) => status.step === 3);
    await place.ask(["rollout", "abort", "asked"]);
    const status = await call.done;
    expect(status.document).toMatchObject({
      phase: "rolledBack",
      why: expect.stringMatching(/operator/),
    });
    expect(status.exitCode).toBe(1);
    const seen = await traffic.stop();
    expect(seen.dropped).toEqual([]);
    expect([...seen.statuses]).toEqual([[200, seen.sent]]);
    expect(await running()).toEqual([digests.get("shop:1")]);
    const late = await place.run<FaultAnswer>(["rollout", "abort", "asked", "--json"]);
    expect(late.document.error.code).toBe("ROLLOUT_ENDED");
    expect(late.exitCode).toBe(2);
  });

  it("keeps serving when its controller is killed, and reaches an end when started again", async () => {
    const file = plan("killed", "shop:1", "shop:2", "- pause\n  - observe: 500ms");
    const first = start(file);
    const traffic = await trafficOnceServing();
    await phase("killed", "paused");
    const busy = await place.run<FaultAnswer>(["rollout", "start", file, "--json"]);
    expect(busy.document.error.code).toBe("ROLLOUT_BUSY");
    first.child.kill("SIGKILL");
    await first.done;
    const sent = traffic.seen.sent;
    await until(() => traffic.seen.sent > sent + 30);
    expect(traffic.seen.dropped).toEqual([]);
    await place.ask(["rollout", "promote", "killed"]);
    const status = await start(file).done;
    expect(status.document, status.stderr).toMatchObject({ phase: "completed" });
    expect(status.document.events.map(({ type }) => type)).toContain("resumed");
    const seen = await traffic.stop();
    expect(seen.dropped).toEqual([]);
    expect([...seen.statuses]).toEqual([[200, seen.sent]]);
    expect(await running()).toEqual([digests.get("shop:2")]);
  });

  it("is killed at every turn, and still promotes without a dropped request", async () => {
    const file = plan("often", "shop:1", "shop:2");
    let traffic: Traffic | undefined;
    for (const turn of [/stable is ready/, /weight 30 %/, /weight 60 %/, /promoting/, /adopted/]) {
      const call = start(file);
      const word = await Promise.race([call.says(turn), call.done.then(() => "done")]);
      expect(word).not.toBe("done");
      call.child.kill("SIGKILL");
      await call.done;
      traffic ??= await trafficOnceServing();
    }
    const status = await start(file).done;
    expect(status.document, status.stderr).toMatchObject({ phase: "completed", cut: 0 });
    const seen = await traffic?.stop();
    expect(seen?.dropped).toEqual([]);
    expect([...(seen?.statuses ?? [])]).toEqual([[200, seen?.sent]]);
    expect(await running()).toEqual([digests.get("shop:2")]);
  });

  it("starts only what is sealed", async () => {
    for (const [stable, canary] of [
      ["shop:1", "shop:2-open"],
      ["shop:1-open", "shop:2"],
    ] as const) {
      const file = plan("unsealed", stable, canary);
      const answer = await place.run<FaultAnswer>(["rollout", "start", file, "--json"]);
      expect(answer.document.error.code).toBe("SEAL_MISSING");
      expect(answer.exitCode).toBe(3);
    }
    const unknown = plan("unsealed", "shop:1", "shop:9");
    const answer = await place.run<FaultAnswer>(["rollout", "start", unknown, "--json"]);
    expect(answer.document.error.code).toBe("IMAGE_UNKNOWN");
    const directory = join(place.state, "instances");
    expect(existsSync(directory) ? readdirSync(directory) : []).toEqual([]);
  });

  it("names the place of a mistake in a plan", async () => {
    const file = place.at("mistake.yaml");
    writeFileSync(file, "name: shop\nport: 8080\nstable: shop:1\ncanry: shop:2\n");
    const answer = await place.run<FaultAnswer>(["rollout", "start", file, "--json"]);
    expect(answer.exitCode).toBe(2);
    expect(answer.document.error).toMatchObject({ code: "PLAN_INVALID", place: { line: 4 } });
    expect(answer.document.error.hint).toMatch(/canary/);
    const none = await place.run<FaultAnswer>(["rollout", "status", "nobody", "--json"]);
    expect(none.exitCode).toBe(2);
    expect(none.document.error.code).toBe("ROLLOUT_UNKNOWN");
  });

  function plan(name: string, stable: string, canary: string, steps = "- observe: 500ms"): string {
    const file = place.at(`${name}.yaml`);
    writeFileSync(
      file,
      `name: ${name}
port: 8080
listen: 127.0.0.1:${port}
stable: ${stable}
canary: ${canary}
split: { unit: "cookie:user" }
steps:
  - setWeight: 30%
  ${steps}
  - setWeight: 60%
  - analyse: 60s
metrics: [{ errors: { tolerance: 5% } }]
block: 200ms
drain: 5s
ready: { path: /www/index.html, timeout: 20s }
deadline: { after: 90s, policy: rollback }
`,
    );
    return file;
  }

  function start(file: string) {
    return place.start<RolloutDocument>(["rollout", "start", file, "--json"]);
  }

  async function trafficOnceServing(): Promise<Traffic> {
    await until(async () => (await bodyNow()) === "one");
    const url = `http://127.0.0.1:${port}/cgi-bin/call`;
    const traffic = startTraffic(url, { users: 500, perSecond: 60 });
    traffics.push(traffic);
    return traffic;
  }

  function bodyNow(): Promise<string | undefined> {
    return fetch(`http://127.0.0.1:${port}/cgi-bin/call`).then(
      (response) => response.text(),
      () => undefined,
    );
  }

  /** Waits for the phase as `rollout status` of another process shows it. */
  function phase(
    name: string,
    wanted: string,
    also: (status: RolloutDocument) => boolean = () => true,
  ): Promise<RolloutDocument> {
    return until(async () => {
      const answer = await place.run<RolloutDocument>(["rollout", "status", name, "--json"]);
      if (answer.exitCode > 1) return false;
      const { document } = answer;
      return document.phase === wanted && also(document) && document;
    });
  }

  /** The digests of what runs. */
  async function running(): Promise<readonly string[]> {
    const { instances } = await place.ask<PsDocument>(["ps"]);
    return instances.map(({ image }) => image);
  }
});
