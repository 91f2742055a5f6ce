import { Fault } from "@lithify/fault";
import { openImageAt } from "@lithify/oci";
import { audit, auditText } from "@lithify/seal";
import type { CommandSpec } from "../command.ts";
import { policyFor } from "../policy.ts";

export const command: CommandSpec = {
  args: "<image>",
  options: [
    {
      flags: "--as <identity>",
      about:
        "USER[:GROUP][+GROUP,…][,cap=CAP_…][,nnp=off], kubernetes(…) or openshift, not the policy's",
      isList: true,
    },
    {
      flags: "--policy <file>",
      about: "lithify.yaml; else the seal's, else the profile that fits",
    },
    { flags: "--format <format>", about: "text or json (text)" },
  ],
  examples: [
    "lithify audit echo:sealed",
    "lithify audit echo:mutable --as drouter:0 --format json",
  ],
  async run(context, args, options) {
    const format = options.text("format") ?? (context.isJson ? "json" : "text");
    if (format !== "text" && format !== "json")
      throw new Fault("USAGE", "--format", { why: "it is text or json", values: { format } });
    const from = await openImageAt(args[0] ?? "", await context.wire.store());
    const { policy, source } = await policyFor(context, from, { file: options.text("policy") });
    context.progress.step(`auditing ${args[0]} by ${source}`);
    const identities = options.list("as");
    const report = await audit(from.image, {
      policy,
      store: from.store,
      ...(identities.length === 0 ? {} : { identities }),
    });
    const isColored = context.style.bold("x") !== "x";
    const text =
      format === "json"
        ? JSON.stringify(report)
        : auditText(report, { color: isColored }).trimEnd();
    return {
      exitCode: report.immutable ? 0 : 1,
      document: { ...report, policy: source },
      lines: text.split("\n"),
    };
  },
};
