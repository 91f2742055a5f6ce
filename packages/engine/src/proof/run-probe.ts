import { Fault } from "@lithify/fault";
import type { Instance } from "../engine.ts";
import { lastLine } from "../host/program.ts";
import { probeEnvironment } from "./carried-node.ts";

/** What came of one thing that the probe tried. */
export interface ProbeAnswer {
  /** `denied`: EACCES, EPERM or EROFS. `inconclusive`: neither done nor refused, see `why`. */
  readonly observed: "allowed" | "denied" | "inconclusive";
  readonly errno?: string;
  /** Why it says nothing, or from where it worked, or what could not be put back. */
  readonly why?: string;
  /** What a program that the probe ran wrote, in base64. */
  readonly output?: string;
  /** A program gave other rights than the model says. */
  readonly differs?: true;
}

/** Requests of one run of the probe, so that its answers stay below the limit of exec. */
const batchSize = 20_000;

/** Runs the probe inside an instance, as its identity, and gives one answer for each request. Throws Fault PROBE_UNUSABLE. */
export async function runProbe(
  instance: Instance,
  how: { readonly command: readonly string[]; readonly files?: readonly string[] },
  workingDirectory: string,
  requests: readonly {
    readonly operation: string;
    readonly path: string;
    readonly keep?: boolean;
  }[],
): Promise<readonly ProbeAnswer[]> {
  const answers: ProbeAnswer[] = [];
  for (let at = 0; at < requests.length; at += batchSize) {
    const batch = requests.slice(at, at + batchSize);
    const lines = [
      JSON.stringify({ workingDirectory }),
      ...batch.map(({ operation, path, keep }) => JSON.stringify({ operation, path, keep })),
    ];
    const { exitCode, stdout, stderr } = await instance.exec(how.command, {
      stdin: lines.join("\n"),
      env: probeEnvironment,
      ...(how.files === undefined ? {} : { files: how.files }),
    });
    const found = stdout.split("\n").filter(Boolean);
    if (exitCode !== 0 || found.length !== batch.length)
      throw new Fault("PROBE_UNUSABLE", "the probe inside an instance", {
        why: lastLine(stderr) || `${found.length} answers to ${batch.length} requests`,
        values: { instance: instance.name, exitCode },
      });
    answers.push(...found.map((line) => JSON.parse(line) as ProbeAnswer));
  }
  return answers;
}
