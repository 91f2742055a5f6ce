import { resolve } from "node:path";
import { Fault, isFault } from "@lithify/fault";
import { type Image, keepYoungSpaceSmall, openImageAt, type Store } from "@lithify/oci";
import {
  audit,
  auditReportAs,
  inspectImage,
  isReportFormat,
  type Policy,
  planSeal,
  type ReportAbout,
  reportFormatNames,
} from "@lithify/seal";
import type { CommandSpec } from "../command.ts";
import { launchesFor } from "../launches.ts";
import { policyFor } from "../policy.ts";
import { imageOptions, readTransportOptions } from "../transport-options.ts";
import { version } from "../version.ts";
import { writeReport } from "../write-report.ts";

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
    {
      flags: "--pod <file>",
      about: "a Kubernetes manifest: does it undo the seal? its identities are audited, too",
      isList: true,
    },
    { flags: "--compose <file>", about: "the same for a compose file", isList: true },
    { flags: "--docker-run <line>", about: "the same for a docker run line", isList: true },
    {
      flags: "--container <name>",
      about: "the container or service that runs the image; else those whose image has its name",
      isList: true,
    },
    { flags: "--format <format>", about: `${reportFormatNames.join(", ")} (text)` },
    { flags: "--output <file>", about: "write the report there instead of printing it" },
    ...imageOptions,
  ],
  examples: [
    "lithify audit echo:sealed",
    "lithify audit echo:mutable --as drouter:0 --format json",
    "lithify audit echo:mutable --format sarif --output audit.sarif",
    "lithify audit echo:sealed --pod deployment.yaml --container echo",
    "lithify audit echo:sealed --docker-run 'docker run --read-only --tmpfs /tmp echo:sealed'",
  ],
  async run(context, args, options) {
    keepYoungSpaceSmall();
    const format = options.text("format") ?? (context.isJson ? "json" : "text");
    if (!isReportFormat(format)) {
      throw new Fault("USAGE", "--format", {
        why: `it is one of ${reportFormatNames.join(", ")}`,
        values: { format },
      });
    }
    const { own, ...transport } = await readTransportOptions(context, options);
    const from = await openImageAt(args[0] ?? "", own, transport);
    const { policy, source } = await policyFor(context, from, { file: options.text("policy") });
    context.progress.step(`auditing ${args[0]} by ${source}`);
    const identities = options.list("as");
    const report = await audit(from.image, {
      policy,
      store: from.store,
      ...(identities.length === 0 ? {} : { identities }),
      launches: await launchesFor(context, args[0] ?? "", options),
    });
    const output = options.text("output");
    const about: ReportAbout = {
      image: args[0] ?? "",
      source,
      version: version(),
      at: new Date(),
      policy,
      isColored: context.style.bold("x") !== "x" && output === undefined,
      ...(format === "html" ? await shownOnPage(from, policy, report.immutable) : {}),
    };
    // With --json the document is printed, and no report
    const isShown = output !== undefined || !context.isJson;
    const text = isShown ? await auditReportAs(format, report, about) : "";
    if (output !== undefined) await writeReport(resolve(context.cwd, output), text);
    return {
      exitCode: report.immutable ? 0 : 1,
      document: { ...report, policy: source },
      lines: output === undefined ? text.trimEnd().split("\n") : [`wrote ${output}`],
    };
  },
};

/** The tree, and what sealing would do where the image is not immutable and can be sealed. */
async function shownOnPage(
  { image, store }: { readonly image: Image; readonly store: Store },
  policy: Policy,
  isImmutable: boolean,
): Promise<Pick<ReportAbout, "tree" | "plan">> {
  const { tree } = await inspectImage(image, { store, digests: false });
  if (isImmutable) return { tree };
  try {
    return { tree, plan: await planSeal(image, policy, tree) };
  } catch (error) {
    if (isFault(error, "SEAL_CONFLICT")) return { tree };
    throw error;
  }
}
