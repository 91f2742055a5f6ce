import { sweepLayout } from "@lithify/oci";
import type { CommandSpec } from "../command.ts";
import { numberOf } from "../numbers.ts";
import { bytes } from "../style.ts";

/** A blob that nobody wrote or asked for so long is not one that a running command is about to name. */
const defaultMinutes = 60;

export const command: CommandSpec = {
  args: "",
  options: [
    { flags: "--age <minutes>", about: `keep what is younger (default ${defaultMinutes})` },
    { flags: "--dry-run", about: "say what would be removed, and remove nothing" },
  ],
  examples: ["lithify gc", "lithify gc --dry-run", "lithify gc --age 0"],
  async run(context, _args, options) {
    const store = await context.wire.store();
    const minutes = numberOf(options, "age", String(defaultMinutes), 0, 1e6);
    const isDry = options.isSet("dryRun");
    const report = await sweepLayout(store, { age: minutes * 60_000, dryRun: isDry });
    const verb = isDry ? "would be removed" : "removed";
    return {
      exitCode: 0,
      document: { ...report, dryRun: isDry },
      lines: [
        `${report.removed.length} blobs ${verb}, ${bytes(report.bytes)}; ${report.kept} in use, ${report.young} too young`,
      ],
    };
  },
};
