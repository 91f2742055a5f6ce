import { expect } from "./expect.ts";
import type { World } from "./world.ts";

interface AttackDocument {
  readonly attempts: readonly {
    readonly operation: string;
    readonly path: string;
    readonly observed: "allowed" | "denied" | "inconclusive";
    readonly errno?: string;
  }[];
}

interface AuditDocument {
  readonly findings: readonly { readonly path: string; readonly witness: readonly string[] }[];
}

interface ProveDocument {
  readonly immutable: boolean;
  readonly attempts: readonly { readonly observed: string }[];
  readonly disagreements: readonly unknown[];
  readonly residue: readonly unknown[];
  readonly seconds: number;
}

const script = "/drouter/local/echo/echo.js";
const targets = [script, "/drouter/config/echo/echo.cfg"];

/** As the gateway's own user: what can be changed (each change is put back), and why it is possible. */
export async function attackMutable(world: World): Promise<string> {
  const attempts = await attack(world, "mutable");
  const allowed = attempts.filter((one) => one.observed === "allowed");
  expect(allowed.length > 0, "an attack on the mutable instance succeeds");
  const { document } = await world.lithify<AuditDocument>(
    "audit",
    "echo:mutable",
    "--as",
    "drouter",
  );
  const why = document.findings.find((finding) => finding.path.endsWith("/echo.js"));
  for (const line of why?.witness ?? []) world.screen.line(`why: ${line}`);
  return `${allowed.length} of ${attempts.length} attacks succeed; ${document.findings.length} findings say why`;
}

/** The same attacks, then every route that the model knows, in throwaway containers on a writable root. */
export async function attackSealed(world: World): Promise<string> {
  const attempts = await attack(world, "sealed");
  expect(
    attempts.every((one) => one.observed === "denied"),
    "every attack on the sealed instance is denied",
  );
  const { document } = await world.lithify<ProveDocument>("prove", "echo:sealed");
  const denied = document.attempts.filter((one) => one.observed === "denied").length;
  world.screen.line(
    `prove, on a writable root: ${document.attempts.length} attempts, ${denied} denied, ${document.attempts.length - denied} inconclusive, ${document.disagreements.length} against the audit, ${document.residue.length} left behind, ${document.seconds} s`,
  );
  expect(
    document.immutable && document.disagreements.length === 0,
    "the proof agrees with the audit",
  );
  return `${attempts.length} of ${attempts.length} attacks denied; proof: ${denied} denied, 0 allowed`;
}

async function attack(world: World, name: string): Promise<AttackDocument["attempts"]> {
  const { document } = await world.lithify<AttackDocument>("attack", name, ...targets);
  for (const { operation, path, observed, errno } of document.attempts)
    world.screen.line(
      `${observed.padEnd(12)} ${operation.padEnd(9)} ${path} ${errno ?? ""}`.trimEnd(),
    );
  return document.attempts;
}
