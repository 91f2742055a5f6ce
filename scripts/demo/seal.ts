import { bytes } from "../../packages/cli/src/style.ts";
import { expect } from "./expect.ts";
import { callEcho, runPublished } from "./image.ts";
import type { World } from "./world.ts";

interface SealDocument {
  readonly digest: string;
  readonly bytesAdded: number;
  readonly plan: readonly {
    readonly layer: string;
    readonly action: string;
    readonly objects: number;
    readonly why: string;
  }[];
  readonly statement: { readonly objects: number; readonly root: string };
}

interface AuditDocument {
  readonly immutable: boolean;
  readonly objects: number;
  readonly identities: readonly { readonly name: string }[];
  readonly findings: readonly unknown[];
  readonly notProven: readonly string[];
  readonly seconds: number;
}

interface DriftDocument {
  readonly drifted: boolean;
  readonly instances: readonly {
    readonly name: string;
    readonly drifted: boolean;
    readonly changes: readonly {
      readonly kind: string;
      readonly class: string;
      readonly path: string;
      readonly was?: string;
      readonly is?: string;
    }[];
  }[];
}

export async function sealImage({ lithify, screen }: World): Promise<string> {
  const { document } = await seal(lithify, "echo:mutable", "echo:sealed");
  for (const row of document.plan)
    screen.line(
      `${row.layer.slice(7, 19)}  ${row.action.padEnd(11)}  ${String(row.objects).padStart(3)} objects  ${row.why}`,
    );
  screen.line(`${document.statement.objects} objects under root ${document.statement.root}`);
  return `${bytes(document.bytesAdded)} added`;
}

export function seal(lithify: World["lithify"], from: string, tag: string) {
  return lithify<SealDocument>(
    "seal",
    from,
    "-t",
    tag,
    "--policy",
    "examples/echo-gateway/lithify.yaml",
  );
}

export async function auditAndRun(world: World): Promise<string> {
  const { document, exitCode } = await world.lithify<AuditDocument>("audit", "echo:sealed");
  const names = document.identities.map((identity) => identity.name).join(", ");
  world.screen.line(
    `audit: ${document.objects} objects, identities ${names}: ${document.findings.length} findings, ${document.notProven.length} things not proven, ${document.seconds} s`,
  );
  expect(exitCode === 0 && document.immutable, "the sealed image is immutable");
  const port = await runPublished(world, "echo:sealed", "--name", "sealed");
  return `immutable; ${await callEcho(world, port)}`;
}

/** The same-size edit whose mtime is put back, tried by root inside both instances. */
export async function tamper(world: World): Promise<string> {
  const file = "/drouter/local/echo/echo.js";
  const edit = [
    `sed s/method/mEthod/ ${file} > /tmp/edited`,
    `touch -r ${file} /tmp/time`,
    `cat /tmp/edited > ${file}`,
    `touch -r /tmp/time ${file}`,
    "rm /tmp/edited /tmp/time",
  ].join(" && ");
  for (const name of ["mutable", "sealed"]) {
    const { document } = await world.lithify<{ exitCode: number; stderr: string }>(
      "exec",
      name,
      "--user",
      "0",
      "--",
      "sh",
      "-c",
      edit,
    );
    world.screen.line(
      `${name}: an edit of the same size by root, mtime put back: ${document.exitCode === 0 ? "done" : document.stderr.trim()}`,
    );
  }
  const { document, exitCode } = await world.lithify<DriftDocument>("drift", "mutable", "sealed");
  for (const instance of document.instances) {
    const violations = instance.changes.filter((change) => change.class === "violation");
    world.screen.line(
      `drift of ${instance.name}: ${violations.length === 0 ? "none" : ""}`.trimEnd(),
    );
    for (const change of violations)
      world.screen.line(
        `  ${change.kind} ${change.path} ${(change.was ?? "").slice(0, 19)} → ${(change.is ?? "").slice(0, 19)}`,
      );
  }
  const [mutable, sealed] = document.instances;
  expect(exitCode === 1 && mutable?.drifted === true, "the mutable instance has drifted");
  expect(sealed?.drifted === false, "the sealed instance has not drifted");
  return "the mutable one has drifted, the sealed one has not";
}
