import { binomial, seededRandom } from "../packages/rollout/src/forecast/random.ts";
import { type JudgePlan, judgeBlock, newJudge, verdictOf } from "../packages/rollout/src/index.ts";

/**
 * The judge beside the rules it is to beat, by seeded simulation: 5 % of the users on the canary, 60 one-minute
 * looks, a base error of 0.5 %, alpha 5 %. Rates are canary requests a minute. `node bench/judge.ts [RUNS]`.
 */
const runs = Number(process.argv[2] ?? 1_000);
const looks = 60;
const plan: JudgePlan = {
  metrics: [{ kind: "errors", name: "errors", tolerance: 0.01 }],
  alpha: 0.05,
  beta: 0.05,
  psiMax: 3,
};

interface Window {
  readonly canary: number;
  readonly canaryErrors: number;
  readonly stable: number;
  readonly stableErrors: number;
}

/** Looks at one more window; true: roll back. */
type Rule = () => (window: Window) => boolean;

const rules: Readonly<Record<string, Rule>> = {
  "success ≥ 99 % per window, five failures": () => {
    let failures = 0;
    return (w) => {
      if (w.canaryErrors / w.canary > 0.01) failures += 1;
      return failures >= 5;
    };
  },
  "success ≥ 99 % per window, first failure": () => (w) => w.canaryErrors / w.canary > 0.01,
  "repeated z-test": () => {
    const sum = { canary: 0, canaryErrors: 0, stable: 0, stableErrors: 0 };
    return (w) => {
      sum.canary += w.canary;
      sum.canaryErrors += w.canaryErrors;
      sum.stable += w.stable;
      sum.stableErrors += w.stableErrors;
      const pooled = (sum.canaryErrors + sum.stableErrors) / (sum.canary + sum.stable);
      const spread = Math.sqrt(pooled * (1 - pooled) * (1 / sum.canary + 1 / sum.stable));
      const gap = sum.canaryErrors / sum.canary - sum.stableErrors / sum.stable;
      return spread > 0 && gap / spread > 1.645;
    };
  },
  "harm e-process": () => {
    let state = newJudge(plan);
    return (w) => {
      const side = (units: number, unitErrors: number) => ({
        requests: units,
        requestErrors: unitErrors,
        units,
        unitErrors,
        unitSlow: [],
      });
      const block = {
        canary: side(w.canary, w.canaryErrors),
        stable: side(w.stable, w.stableErrors),
      };
      state = judgeBlock(plan, state, block, 0.05);
      return verdictOf(plan, state).answer === "harmful";
    };
  },
};

const worlds = [
  { name: "no difference, 0.5 %", rate: () => 0.005, canary: () => 0.005, stableTimes: () => 19 },
  { name: "0.5 % becomes 5 %", rate: () => 0.005, canary: () => 0.05, stableTimes: () => 19 },
  {
    // The canary has most of its traffic in the bad half: what pools both halves takes that for its fault.
    name: "no difference; half-way the base trebles and the weight goes from 5 % to 50 %",
    rate: (look: number) => (look < looks / 2 ? 0.005 : 0.015),
    canary: (look: number) => (look < looks / 2 ? 0.005 : 0.015),
    stableTimes: (look: number) => (look < looks / 2 ? 19 : 1),
  },
] as const;

for (const world of worlds) {
  console.log(`\n${world.name}: rolled back (median canary requests), ${runs} runs`);
  for (const [name, rule] of Object.entries(rules)) {
    const cells = [3, 60, 1_200].map((perMinute) => cellOf(world, rule, perMinute));
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
}

function cellOf(world: (typeof worlds)[number], rule: Rule, perMinute: number): string {
  const random = seededRandom(1);
  const at: number[] = [];
  for (let run = 0; run < runs; run++) {
    const stops = rule();
    for (let look = 0; look < looks; look++) {
      const stable = perMinute * world.stableTimes(look);
      const window = {
        canary: perMinute,
        canaryErrors: binomial(random, perMinute, world.canary(look)),
        stable,
        stableErrors: binomial(random, stable, world.rate(look)),
      };
      if (stops(window)) {
        at.push((look + 1) * perMinute);
        break;
      }
    }
  }
  at.sort((a, b) => a - b);
  const share = ((at.length / runs) * 100).toFixed(1);
  return `${perMinute}/min ${share} %${at.length > 0 ? ` (${at[at.length >> 1]})` : ""}`;
}
