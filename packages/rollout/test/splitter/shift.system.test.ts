import type { RequestListener } from "node:http";
import { describe, expect, test } from "vitest";
import { says } from "../support/backend.ts";
import { startLoad } from "../support/load.ts";
import { ask, backend, splitter } from "../support/proxy.ts";

describe("shifting", () => {
  test("by user, sticky; weight 0 evacuates at once; override and probe reach the canary all the same", async () => {
    const one = await splitter([await backend(says("stable"))], [await backend(says("canary"))]);
    const users = Array.from({ length: 100 }, (_, i) => `u${i}`);
    const sides = async (): Promise<readonly string[]> =>
      Promise.all(
        users.map(async (user) => (await ask(one.port, { headers: { "x-user": user } })).body),
      );
    expect(new Set(await sides())).toEqual(new Set(["stable"]));
    await one.setWeight(0.3);
    const at30 = await sides();
    expect(await sides()).toEqual(at30);
    await one.setWeight(0.6);
    const at60 = await sides();
    at30.forEach((side, i) => {
      if (side === "canary") expect(at60[i]).toBe("canary");
    });
    const { canary, stable } = await one.takeBlock();
    expect(canary.requests + stable.requests).toBe(400);
    expect(canary.units).toBe(at60.filter((side) => side === "canary").length);
    await one.setWeight(0);
    expect(new Set(await sides())).toEqual(new Set(["stable"]));
    expect((await ask(one.port, { headers: { "x-canary": "canary" } })).body).toBe("canary");
    const { probeToken } = await one.status();
    const probe = await ask(one.port, { headers: { "Lithify-Probe": `${probeToken} canary` } });
    expect([probe.body, probe.headers["lithify-side"]]).toEqual(["canary", "canary"]);
    await one.setBackends("canary", []);
    expect((await ask(one.port, { headers: { "x-canary": "canary" } })).body).toBe("stable");
  });

  test("keep-alive connections of clients survive every shift under load; nothing is dropped", async () => {
    const stable = [await backend(slowly("stable")), await backend(slowly("stable"))];
    const canary = [await backend(slowly("canary")), await backend(slowly("canary"))];
    const one = await splitter(stable, canary);
    const load = startLoad({ host: "127.0.0.1", port: one.port }, { users: 50, clients: 12 });
    for (const weight of [0.1, 0.5, 0, 0.7, 1]) {
      await one.setWeight(weight);
      await new Promise((resolve) => setTimeout(resolve, 60));
    }
    expect(await one.drain("stable", { deadlineMs: 5_000 })).toEqual({ left: 0 });
    await one.setBackends("stable", canary);
    await one.setWeight(0);
    await one.setBackends("canary", []);
    await Promise.all(stable.map((instance) => instance.stop()));
    await new Promise((resolve) => setTimeout(resolve, 60));
    const { sent, results } = await load.stop();
    expect(results).toEqual({ "200": sent });
    expect((await one.status()).dropped).toBe(0);
  });

  test("a cookie of its own keeps a user where the first request went", async () => {
    const one = await splitter([await backend(says("stable"))], [await backend(says("canary"))], {
      split: { unit: { from: "own-cookie", name: "unit" }, salt: "s", allow: [] },
    });
    await one.setWeight(0.5);
    for (let i = 0; i < 10; i++) {
      const first = await ask(one.port);
      const cookie = String(first.headers["set-cookie"]?.[0]).split(";")[0] ?? "";
      const second = await ask(one.port, { headers: { cookie } });
      expect(second.body).toBe(first.body);
      expect(second.headers["set-cookie"]).toBeUndefined();
    }
    const { stable, canary } = await one.takeBlock();
    expect(stable.units + canary.units).toBe(10);
    expect((stable.newUnits ?? 0) + (canary.newUnits ?? 0)).toBe(10);
  });

  test("slow answers are counted by threshold, until their first byte", async () => {
    const slow = await backend((request, response) => {
      const wait = request.url === "/slow" ? 120 : 0;
      setTimeout(() => {
        response.writeHead(200).flushHeaders();
        setTimeout(() => response.end(), 120);
      }, wait);
    });
    const one = await splitter([slow], [], { thresholds: [100, 60_000] });
    await ask(one.port, { headers: { "x-user": "a" } });
    await ask(one.port, { path: "/slow", headers: { "x-user": "b" } });
    const { stable } = await one.takeBlock();
    expect(stable.units).toBe(2);
    // A machine under load may be slow for the other user as well.
    expect(stable.unitSlow[0]).toBeGreaterThanOrEqual(1);
    expect(stable.unitSlow[1]).toBe(0);
  });

  test("drain waits for what is in flight and lets nothing new in", async () => {
    let finish: () => void = () => {};
    const began = new Promise<void>((resolve) => {
      finish = resolve;
    });
    let release: () => void = () => {};
    const canary = await backend((_, response) => {
      finish();
      release = () => response.end("late");
    });
    const one = await splitter([await backend(says("stable"))], [canary]);
    const late = ask(one.port, { headers: { "x-canary": "canary" } });
    await began;
    const drained = one.drain("canary", { deadlineMs: 10_000 });
    expect((await ask(one.port, { headers: { "x-canary": "canary" } })).body).toBe("stable");
    release();
    expect((await late).body).toBe("late");
    expect(await drained).toEqual({ left: 0 });
  });
});

function slowly(text: string): RequestListener {
  return (request, response) => {
    request.resume();
    request.on("end", () => setTimeout(() => response.end(text), 5));
  };
}
