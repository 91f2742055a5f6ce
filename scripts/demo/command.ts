import { spawn } from "node:child_process";
import { join } from "node:path";
import { root } from "../run.ts";

/** What one run of the command answered. */
export interface Answer<Document> {
  readonly exitCode: number;
  readonly document: Document;
  readonly seconds: number;
}

/**
 * Runs `lithify … --json` as a user would, and reads its document. Progress goes to `onProgress`, a line at a
 * time. An exit code of 2 or 3 is an error with the fault's text.
 */
export async function lithify<Document>(
  args: readonly string[],
  options: {
    readonly env: NodeJS.ProcessEnv;
    readonly onProgress?: (line: string) => void;
    readonly signal?: AbortSignal;
  },
): Promise<Answer<Document>> {
  const started = performance.now();
  const [first = "", ...rest] = args;
  const at = rest.indexOf("--");
  const withJson =
    at < 0
      ? [first, ...rest, "--json"]
      : [first, ...rest.slice(0, at), "--json", ...rest.slice(at)];
  const child = spawn(process.execPath, [join(root, "packages/cli/bin/lithify.js"), ...withJson], {
    env: options.env,
    stdio: ["ignore", "pipe", "pipe"],
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    for (const line of text.split("\n")) if (line !== "") options.onProgress?.(line);
  });
  const exitCode = await new Promise<number>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve(code ?? 3));
  });
  if (exitCode > 1) throw new Error(`lithify ${args.join(" ")} ended with ${exitCode}\n${stderr}`);
  const document: Document = JSON.parse(stdout);
  return { exitCode, document, seconds: (performance.now() - started) / 1000 };
}
