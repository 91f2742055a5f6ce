import {
  type Baseline,
  baselineOfImage,
  baselineOfSeal,
  type DriftReport,
  driftOf,
  type InstanceDrift,
  reportOf,
} from "@lithify/drift";
import type { Instance } from "@lithify/engine";
import { isFault } from "@lithify/fault";
import type { CommandSpec } from "../command.ts";
import type { Context } from "../context.ts";
import { instancesNamed } from "../instances.ts";
import type { Style } from "../style.ts";

export const command: CommandSpec = {
  args: "[instances...]",
  options: [
    {
      flags: "-w, --watch",
      about: "compare again and again, a line for each change of the answer",
    },
    { flags: "--every <seconds>", about: "with --watch: the pause between two looks (5)" },
    { flags: "--verbose", about: "show what engines inject and what is declared writable, too" },
    { flags: "--engine <name>", about: "local or docker; else LITHIFY_ENGINE, else local" },
  ],
  examples: ["lithify drift", "lithify drift web --json", "lithify drift --watch --every 30"],
  async run(context, args, options) {
    const baselines = new Map<string, Promise<Baseline>>();
    const look = async (): Promise<DriftReport> => {
      const instances = await instancesNamed(
        await context.wire.engine(options.text("engine")),
        args,
      );
      const found: InstanceDrift[] = [];
      for (const instance of instances) {
        context.progress.step(`looking into ${instance.name}`);
        const baseline = baselines.get(instance.image) ?? baselineOf(context, instance);
        baselines.set(instance.image, baseline);
        found.push(await driftOf(instance, await baseline));
      }
      return reportOf(found);
    };
    let report = await look();
    if (options.isSet("watch"))
      report = await watch(context, report, look, Number(options.text("every") ?? "5"));
    return {
      exitCode: report.drifted ? 1 : 0,
      document: report,
      lines: report.instances.flatMap((one) =>
        driftLines(one, context.style, options.isSet("verbose")),
      ),
    };
  },
};

/** The seal of the instance's image; where it has none, the image itself. */
export async function baselineOf(context: Context, instance: Instance): Promise<Baseline> {
  const { inspectImage, openSealed } = await import("@lithify/seal");
  const store = await context.wire.store();
  const image = await store.image(instance.image);
  try {
    return baselineOfSeal(await openSealed(store, image));
  } catch (error) {
    if (!isFault(error, "SEAL_MISSING")) throw error;
    return baselineOfImage(image, (await inspectImage(image, { store })).tree);
  }
}

/** Prints a line whenever an instance's answer changes; ends at a signal with the last report. */
async function watch(
  context: Context,
  first: DriftReport,
  look: () => Promise<DriftReport>,
  seconds: number,
): Promise<DriftReport> {
  let last = first;
  const said = new Map<string, string>();
  for (;;) {
    for (const one of last.instances) {
      const answer = JSON.stringify(one.changes);
      if (said.get(one.name) === answer) continue;
      said.set(one.name, answer);
      if (!context.isJson)
        for (const line of driftLines(one, context.style, false)) context.print(line);
    }
    if (context.signal.aborted) return last;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.max(0.2, seconds) * 1000);
      context.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
    if (!context.signal.aborted) last = await look();
  }
}

/** One instance: a line for the answer, then a line for each change. */
export function driftLines(
  one: InstanceDrift,
  style: Style,
  isVerbose: boolean,
): readonly string[] {
  const against = one.sealed ? "its seal" : "its image (not sealed)";
  const head = one.drifted
    ? `${style.bad("drifted")}  ${one.name}, compared with ${against}`
    : `${style.good("as sealed")}  ${one.name}, compared with ${against}`;
  const shown = one.changes.filter((change) => isVerbose || change.class === "violation");
  return [
    one.sealed || one.drifted ? head : head.replace("as sealed", "unchanged"),
    ...shown.map((change) => {
      const values = [change.was, change.is].filter((value) => value !== undefined);
      return `  ${change.kind.padEnd(12)} ${change.path}  ${style.dim(values.map(short).join(" → "))}`;
    }),
  ];
}

/** Digests by their first digits, so that a line stays readable. */
function short(value: string): string {
  return value.replace(/sha256:([0-9a-f]{12})[0-9a-f]{52}/g, "$1…");
}
