import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decide, type Intent } from "../../src/core/decide.ts";
import type { Happening, OperatorCommand, RolloutEvent } from "../../src/core/event.ts";
import { fold, foldLog, type RolloutState } from "../../src/core/state.ts";
import { statusOf } from "../../src/core/status.ts";
import { binomial, seededRandom } from "../../src/forecast/random.ts";
import { parsePlan } from "../../src/plan/parse.ts";
import type { Plan } from "../../src/plan/plan.ts";
import type { Block } from "../../src/seams.ts";

const plan = parsePlan(
  `
name: shop
port: 8080
stable: shop:1
canary: shop:2
steps:
  - setWeight: 5%
  - observe: 3m
  - pause
  - setWeight: 50%
  - analyse: 10m
deadline: { policy: ask }
`,
  "plan.yaml",
);

interface Script {
  readonly plan?: Plan;
  readonly seed?: number;
  readonly canaryRate?: number;
  /** Fails to start this side. */
  readonly fails?: "stable" | "canary";
  /** Commands by the number of the block in which they come. */
  readonly commands?: Readonly<Record<number, OperatorCommand>>;
  readonly blocks?: number;
}

/** Plays a rollout with made-up traffic in made-up time; the events it logged, and the intents it carried out. */
function play(script: Script): { readonly events: RolloutEvent[]; readonly intents: Intent[] } {
  const random = seededRandom(script.seed ?? 1);
  const played = script.plan ?? plan;
  const events: RolloutEvent[] = [
    { at: 0, type: "started", plan: played, stable: "sha256:a", canary: "sha256:b" },
  ];
  const intents: Intent[] = [];
  let now = 0;
  let blocks = 0;
  for (;;) {
    const decision = decide(foldLog(events) as RolloutState, { now });
    events.push(...decision.events);
    const intent = decision.intents[0];
    if (intent === undefined || blocks > (script.blocks ?? 60)) return { events, intents };
    intents.push(intent);
    if (intent.do === "observe") {
      now += intent.milliseconds;
      blocks += 1;
    }
    const happened = happenings(intent, script, random, blocks, events);
    events.push(...happened.map((happening) => ({ at: now, ...happening })));
  }
}

function happenings(
  intent: Intent,
  script: Script,
  random: () => number,
  blocks: number,
  events: readonly RolloutEvent[],
): Happening[] {
  switch (intent.do) {
    case "start":
      if (script.fails === intent.side) return [{ type: "aborting", why: "did not start" }];
      return [{ type: "ready", side: intent.side, instances: [intent.side] }];
    case "see":
      return [{ type: "seen" }];
    case "shift":
      return [{ type: "weightSet", weight: intent.weight, why: intent.why }];
    case "observe": {
      const weight = foldLog(events)?.weight ?? 0;
      const command = script.commands?.[blocks];
      const block: Happening = {
        type: "block",
        counts: traffic(random, weight, script.canaryRate ?? 0.001),
      };
      return command === undefined ? [block] : [block, { type: "operator", command }];
    }
    case "evacuate":
      return [{ type: "evacuated" }];
    case "drain":
      return [{ type: "drained", side: intent.side, left: 0 }];
    case "adopt":
      return [{ type: "adopted" }];
    case "stop":
      return [{ type: "stopped", side: intent.side }];
  }
}

function traffic(random: () => number, weight: number, canaryRate: number): Block {
  const canary = Math.round(2_000 * weight);
  const side = (units: number, rate: number) => {
    const unitErrors = binomial(random, units, rate);
    return { requests: units, requestErrors: unitErrors, units, unitErrors, unitSlow: [] };
  };
  return { stable: side(2_000 - canary, 0.001), canary: side(canary, canaryRate) };
}

const kinds = (intents: readonly Intent[]): string[] =>
  intents.map((i) => ("side" in i ? `${i.do} ${i.side}` : i.do)).filter((k) => k !== "observe");

describe("the order of things", () => {
  test("promotion: ready, seen, shifted; at the end everything to the canary, drain stable, adopt, stop stable", () => {
    const { intents, events } = play({ commands: { 4: { do: "promote", full: false } } });
    expect(kinds(intents)).toEqual([
      "start stable",
      "start canary",
      "see",
      "shift",
      "shift",
      "shift",
      "drain stable",
      "adopt",
      "stop stable",
    ]);
    expect(intents.filter((i) => i.do === "shift").map((i) => i.weight)).toEqual([0.05, 0.5, 1]);
    const status = statusOf(events);
    expect(status?.phase).toBe("completed");
    expect(status?.weight).toBe(0);
    expect(status?.why).toMatch(/evidence of safety/);
  });
  test("harm: weight 0 and evacuated, drain the canary, stop the canary", () => {
    const { intents, events } = play({ canaryRate: 0.2 });
    expect(kinds(intents).slice(-3)).toEqual(["evacuate", "drain canary", "stop canary"]);
    expect(statusOf(events)?.phase).toBe("rolledBack");
    expect(statusOf(events)?.why).toMatch(/evidence of harm/);
  });
  test.each(["stable", "canary"] as const)("%s does not start: rolled back", (fails) => {
    const { intents, events } = play({ fails });
    expect(kinds(intents).slice(-3)).toEqual(["evacuate", "drain canary", "stop canary"]);
    expect(kinds(intents)).not.toContain("shift");
    expect(statusOf(events)?.phase).toBe("rolledBack");
  });
  test("the operator aborts in any step", () => {
    for (const at of [1, 2, 5]) {
      const { events } = play({ commands: { [at]: { do: "abort" } } });
      expect(statusOf(events)).toMatchObject({ phase: "rolledBack", why: "the operator aborted" });
    }
  });
  test("the operator promotes with full from a pause: straight to the end", () => {
    const { intents } = play({ commands: { 5: { do: "promote", full: true } } });
    expect(intents.filter((i) => i.do === "shift").map((i) => i.weight)).toEqual([0.05, 1]);
  });
});

describe("the deadline, when nothing is known", () => {
  const quiet = (policy: Plan["deadline"]["policy"], commands: Script["commands"] = {}) =>
    play({
      plan: {
        ...plan,
        psiMax: 1.01,
        steps: [
          { do: "setWeight", weight: 0 },
          { do: "analyse", atMost: 120_000 },
        ],
        deadline: { after: 60_000, policy },
      },
      commands,
      blocks: 10,
    });
  test("rollback aborts with why", () => {
    const status = statusOf(quiet("rollback").events);
    expect(status?.phase).toBe("rolledBack");
    expect(status?.why).toMatch(/^insufficient evidence after 120 s/);
  });
  test.each(["hold", "ask"] as const)("%s stays and tells once", (policy) => {
    const { events } = quiet(policy);
    expect(statusOf(events)?.phase).toBe("analysing");
    expect(events.filter((event) => event.type === "deadline")).toHaveLength(1);
  });
  test("asked, the operator promotes", () => {
    expect(statusOf(quiet("ask", { 6: { do: "promote", full: false } }).events)?.phase).toBe(
      "completed",
    );
  });
  test("asked, safety alone does not promote; held, it does", () => {
    const late = (policy: Plan["deadline"]["policy"]): RolloutState => {
      const { events } = quiet(policy);
      const safe: RolloutEvent = {
        at: 1e6,
        type: "block",
        counts: {
          stable: { requests: 0, requestErrors: 0, units: 0, unitErrors: 0, unitSlow: [] },
          canary: { requests: 9e3, requestErrors: 0, units: 9e3, unitErrors: 0, unitSlow: [] },
        },
      };
      return decide(foldLog([...events, safe]) as RolloutState, { now: 1e6 }).state;
    };
    expect(late("hold").phase).toBe("promoting");
    expect(late("ask").phase).toBe("analysing");
  });
});

const scripts = fc.record({
  seed: fc.integer(),
  canaryRate: fc.constantFrom(0, 0.001, 0.004, 0.1),
  commands: fc.dictionary(
    fc.integer({ min: 1, max: 12 }).map(String),
    fc.constantFrom<OperatorCommand>(
      { do: "abort" },
      { do: "promote", full: true },
      { do: "promote", full: false },
    ),
    { maxKeys: 2 },
  ),
  blocks: fc.integer({ min: 1, max: 30 }),
});

test("any prefix of a log, written out and read again, resumes to the same state and decision", () => {
  fc.assert(
    fc.property(scripts, fc.nat(), (script, cut) => {
      const { events } = play(script);
      const at = 1 + (cut % events.length);
      const before = foldLog(events.slice(0, at)) as RolloutState;
      const read = JSON.parse(JSON.stringify(events.slice(0, at))) as RolloutEvent[];
      const resumed = foldLog([...read, { at: 0, type: "resumed" }]) as RolloutState;
      expect(resumed).toEqual(before);
      expect(JSON.parse(JSON.stringify(before))).toEqual(before);
      expect(decide(resumed, { now: 1e7 })).toEqual(decide(before, { now: 1e7 }));
      const rest = events.slice(at).reduce<RolloutState>((s, event) => fold(s, event), resumed);
      expect(rest).toEqual(foldLog(events));
    }),
    { numRuns: 60 },
  );
});

test("a decision's state is the log's state, and nothing is decided twice", () => {
  fc.assert(
    fc.property(scripts, (script) => {
      const { events } = play(script);
      for (const type of ["promoting", "aborting", "completed", "rolledBack"] as const) {
        expect(events.filter((event) => event.type === type).length).toBeLessThanOrEqual(1);
      }
      const state = foldLog(events) as RolloutState;
      const decision = decide(state, { now: 1e7 });
      expect(foldLog([...events, ...decision.events])).toEqual(decision.state);
    }),
    { numRuns: 40 },
  );
});
