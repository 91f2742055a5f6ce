import { Fault } from "@lithify/fault";
import { keepYoungSpaceSmall, openImageAt, putImageAt } from "@lithify/oci";
import { type PlannedLayer, seal } from "@lithify/seal";
import type { CommandSpec } from "../command.ts";
import type { Context, Outcome } from "../context.ts";
import { policyFor } from "../policy.ts";
import { bytes, table } from "../style.ts";
import { imageOptions, readTransportOptions } from "../transport-options.ts";

export const command: CommandSpec = {
  args: "<image>",
  options: [
    { flags: "-t, --tag <ref>", about: "name of the sealed image" },
    { flags: "--policy <file>", about: "lithify.yaml, or the profile that fits the image" },
    { flags: "-u, --user <user>", about: "USER of the sealed image" },
    { flags: "--dry-run", about: "print the plan, write nothing" },
    ...imageOptions,
  ],
  examples: ["lithify seal echo:mutable -t echo:sealed", "lithify seal echo:mutable --dry-run"],
  async run(context, args, options) {
    keepYoungSpaceSmall();
    const started = performance.now();
    const { own, ...transport } = await readTransportOptions(context, options);
    const [ref = ""] = args;
    const from = await openImageAt(ref, own, transport);
    const { policy, source } = await policyFor(context, from, {
      file: options.text("policy"),
      forSealing: true,
    });
    context.progress.step(`sealing ${ref} by ${source}`);
    const user = options.text("user");
    const chosen = user === undefined ? {} : { user };
    if (options.isSet("dryRun")) {
      const { plan, bytesAdded, bytesRewritten } = await seal(from.store, from.image, policy, {
        ...chosen,
        dryRun: true,
      });
      return {
        exitCode: 0,
        document: { from: from.image.digest, plan, bytesAdded, bytesRewritten, policy: source },
        lines: planLines(context, plan, bytesAdded),
      };
    }
    const tag = options.text("tag");
    if (tag === undefined)
      throw new Fault("USAGE", "seal", { why: "it needs --tag REF or --dry-run" });
    const { sealed, plan, bytesAdded, bytesRewritten, statement } = await seal(
      from.store,
      from.image,
      policy,
      chosen,
    );
    await putImageAt(tag, sealed.image, { from: from.store, own }, transport);
    return {
      exitCode: 0,
      document: {
        ref: tag,
        digest: sealed.image.digest,
        from: from.image.digest,
        plan,
        bytesAdded,
        bytesRewritten,
        policy: source,
        statement,
        seconds: (performance.now() - started) / 1000,
      },
      lines: [
        ...planLines(context, plan, bytesAdded),
        `${context.style.good("sealed")} ${tag} ${sealed.image.digest}`,
        context.style.dim(`${statement.objects} objects, root ${statement.root}`),
      ],
    } satisfies Outcome;
  },
};

function planLines(
  context: Context,
  plan: readonly PlannedLayer[],
  bytesAdded: number,
): readonly string[] {
  return [
    ...table(
      [
        ["LAYER", "ACTION", "OBJECTS", "ADDED", "REWRITTEN", "WHY"].map(context.style.dim),
        ...plan.map((row) => [
          row.layer.slice(7, 19),
          row.action,
          String(row.objects),
          bytes(row.bytesAdded),
          bytes(row.bytesRewritten),
          row.why,
        ]),
      ],
      [2, 3, 4],
    ),
    `${bytes(bytesAdded)} added`,
  ];
}
