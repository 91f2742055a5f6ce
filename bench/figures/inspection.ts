import { join } from "node:path";
import type { Bench, Figure } from "../bench.ts";
import type { Row } from "../report.ts";
import { type Samples, Series } from "../samples.ts";
import { freePort } from "../workplace.ts";

const rounds = 5;
const proveRounds = 3;
const instance = "bench-drift";

interface AuditReport {
  readonly immutable: boolean;
  readonly objects: number;
  readonly findings: readonly unknown[];
}

interface ProveReport {
  readonly immutable: boolean;
  readonly attempts: readonly unknown[];
  readonly disagreements: readonly unknown[];
}

interface DriftReport {
  readonly drifted: boolean;
}

/** Figure 6: how long it takes to look: audit, prove and drift of the example. */
export const inspection: Figure = {
  name: "inspection",
  title: "Audit, proof and drift of the example",
  async measure(bench) {
    await bench.base();
    await images(bench);
    const series = new Series();
    const audits = await measureAudits(bench, series);
    const proof = await measureProof(bench, series);
    await measureDrift(bench, series);
    const row = (what: string, ours: Samples): Row => ({ what, unit: "s", ours });
    return {
      rows: [
        row("audit, mutable", series.of("audit look-mutable")),
        row("audit, sealed", series.of("audit look-sealed")),
        row("prove, sealed", series.of("prove")),
        row("drift, one sealed instance", series.of("drift")),
      ],
      notes: [
        `Whole commands, ${rounds} rounds (prove: ${proveRounds}), with the identities of the example's policy. No peer answers these questions.`,
        ...audits,
        proof,
      ],
      notMeasured: [],
    };
  },
};

async function images({ workplace, lithify, ours, context }: Bench): Promise<void> {
  workplace.say("inspection: building and sealing");
  const directory = await context();
  const dockerfile = join(directory, "Dockerfile");
  await ours.build({ context: directory, dockerfile, tag: "look-mutable", isCold: false });
  const policy = ["--policy", join(directory, "lithify.yaml")];
  await lithify.run(["seal", "look-mutable", "--tag", "look-sealed", ...policy]);
}

async function measureAudits(bench: Bench, series: Series): Promise<readonly string[]> {
  const policy = ["--policy", join(await bench.context(), "lithify.yaml")];
  const said = new Map<string, string>();
  for (let round = 0; round < rounds; round++)
    for (const image of ["look-mutable", "look-sealed"]) {
      bench.workplace.say(`inspection: audit of ${image}, round ${round + 1} of ${rounds}`);
      const { document, seconds } = await bench.lithify.ask<AuditReport>([
        ...["audit", image, ...policy],
      ]);
      series.add(`audit ${image}`, seconds);
      const verdict = document.immutable ? "immutable" : "not immutable";
      said.set(
        image,
        `The audit of ${image.slice("look-".length)}: ${verdict}, ${document.objects} objects, ${document.findings.length} findings.`,
      );
    }
  return [...said.values()];
}

async function measureProof(bench: Bench, series: Series): Promise<string> {
  let said = "";
  for (let round = 0; round < proveRounds; round++) {
    bench.workplace.say(`inspection: prove, round ${round + 1} of ${proveRounds}`);
    const { document, seconds } = await bench.lithify.ask<ProveReport>(["prove", "look-sealed"]);
    series.add("prove", seconds);
    const verdict = document.immutable ? "nothing could be changed" : "something could be changed";
    said = `The proof of sealed: ${verdict}, ${document.attempts.length} attempts, ${document.disagreements.length} against the audit.`;
  }
  return said;
}

async function measureDrift({ workplace, lithify }: Bench, series: Series): Promise<void> {
  const port = await freePort();
  await lithify.run(["run", "look-sealed", "--name", instance, "--publish", `${port}:8080`]);
  try {
    for (let round = 0; round < rounds; round++) {
      workplace.say(`inspection: drift, round ${round + 1} of ${rounds}`);
      const { document, seconds } = await lithify.ask<DriftReport>(["drift", instance]);
      if (document.drifted) throw new Error("the sealed instance has drifted");
      series.add("drift", seconds);
    }
  } finally {
    await lithify.run(["stop", instance, "--time", "2"]);
  }
}
