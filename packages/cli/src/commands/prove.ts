import { type ProvedAttempt, type ProveReport, prove } from "@lithify/engine";
import { openImageAt } from "@lithify/oci";
import { accountsIn, identitiesOf, inspectImage, modelOf, type Policy } from "@lithify/seal";
import type { CommandSpec } from "../command.ts";
import { policyFor } from "../policy.ts";
import { type Style, table } from "../style.ts";

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
    { flags: "--read-only", about: "with a read-only root too, as sealed images run" },
    { flags: "--engine <name>", about: "local or docker; else LITHIFY_ENGINE, else local" },
  ],
  examples: ["lithify prove echo:sealed", "lithify prove echo:mutable --as drouter --json"],
  async run(context, args, options) {
    const from = await openImageAt(args[0] ?? "", await context.wire.store());
    const { policy, source } = await policyFor(context, from, { file: options.text("policy") });
    const inspected = await inspectImage(from.image, { store: from.store, digests: false });
    const accounts = await accountsIn(from.image, inspected);
    const report = await prove(await context.wire.engine(options.text("engine")), from.image, {
      policy,
      model: modelOf({ ...inspected, config: from.image.config, policy, accounts }),
      identities: await identitiesOf(
        from.image,
        inspected.tree,
        policyAs(policy, options.list("as")),
        [],
        accounts,
      ),
      readOnly: options.isSet("readOnly"),
      progress: ({ identity, attempts }) =>
        context.progress.step(`${identity}: ${attempts} attempts`),
      signal: context.signal,
    });
    const isProved =
      report.immutable && report.disagreements.length === 0 && report.residue.length === 0;
    return {
      exitCode: isProved ? 0 : 1,
      document: { ...report, policy: source },
      lines: proveLines(report, context.style),
    };
  },
};

/** With the identities of --as instead of the policy's. */
function policyAs({ user, ...policy }: Policy, names: readonly string[]): Policy {
  if (names.length > 0) return { ...policy, identities: names };
  return user === undefined ? policy : { ...policy, user };
}

const shownAttempts = 20;

function proveLines(report: ProveReport, style: Style): readonly string[] {
  const allowed = report.attempts.filter((attempt) => attempt.observed === "allowed");
  const inconclusive = report.attempts.filter((attempt) => attempt.observed === "inconclusive");
  const head = report.immutable ? style.good("nothing could be changed") : style.bad("changed");
  return [
    `${head}  ${report.image}`,
    `${report.attempts.length} attempts: ${allowed.length} allowed, ${inconclusive.length} inconclusive, ${report.disagreements.length} against the audit, ${report.seconds} s`,
    ...attemptLines(allowed, style),
    ...(report.disagreements.length === 0
      ? []
      : [
          style.bad("against the audit:"),
          ...attemptLines(report.disagreements, style),
          ...(report.disagreements[0]?.because ?? []).map((step) => style.dim(`    ${step}`)),
        ]),
    ...report.mounts.map((target) => style.warn(`not tried: what the mount at ${target} hides`)),
    ...report.residue.map((one) => style.bad(`left behind: ${one.kind} ${one.path}`)),
  ];
}

function attemptLines(attempts: readonly ProvedAttempt[], style: Style): readonly string[] {
  const rows = attempts
    .slice(0, shownAttempts)
    .map((one) => [
      `  ${one.identity}`,
      one.operation,
      one.path,
      `${one.expected}, ${one.observed}`,
    ]);
  const rest = attempts.length - rows.length;
  return [
    ...table(rows),
    ...(rest > 0 ? [style.dim(`  and ${rest} more; --json has them all`)] : []),
  ];
}
