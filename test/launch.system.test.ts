import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPlace, type Place, programPath, skips } from "./place.ts";

interface Launched {
  readonly immutable: boolean;
  readonly launches: readonly { readonly name: string; readonly keepsSeal: boolean }[];
  readonly findings: readonly {
    readonly rule: string;
    readonly identity: string;
    readonly place?: { readonly file: string; readonly line: number };
  }[];
}

const noBusybox = programPath("busybox") === undefined ? "no busybox" : false;

describe.skipIf(skips("manifests", noBusybox))("lithify audit of a manifest", () => {
  let place: Place;
  beforeAll(async () => {
    place = openPlace();
    mkdirSync(place.at("context"));
    copyFileSync(programPath("busybox") ?? "", place.at("context", "busybox"));
    writeFileSync(
      place.at("context", "Dockerfile"),
      'FROM scratch\nCOPY --chmod=755 busybox /bin/busybox\nUSER 9:9\nCMD ["/bin/busybox", "true"]\n',
    );
    writeFileSync(place.at("lithify.yaml"), "version: 1\nwritable: [/tmp]\n");
    await place.ask(["build", place.at("context"), "--tag", "app:1"]);
    await place.ask(["seal", "app:1", "--tag", "app:sealed"]);
    writeFileSync(place.at("good.yaml"), pod("image: example/app:2", true));
    writeFileSync(place.at("bad.yaml"), pod("image: app", false));
    writeFileSync(place.at("compose.yaml"), 'services: { a: { image: app, user: "0" } }');
    writeFileSync(place.at("broken.yaml"), "apiVersion: v1\nkind: Pod\nspec: { contaners: [] }\n");
  });
  afterAll(() => place.close());

  it("that keeps the seal: exit code 0, and its identity in the audit", async () => {
    const args = ["audit", "app:sealed", "--pod", "good.yaml", "--json"];
    const { exitCode, document } = await place.run<Launched>(args);
    expect(exitCode).toBe(0);
    expect(document.launches).toMatchObject([{ name: "pod/app:app", keepsSeal: true }]);
  });

  it("that undoes it: exit code 1, with file and line", async () => {
    const more = ["--compose", "compose.yaml", "--docker-run", "docker run --privileged app"];
    const args = ["audit", "app:sealed", "--pod", "bad.yaml", "--pod", "good.yaml", ...more];
    const { exitCode, document } = await place.run<Launched>([...args, "--json"]);
    expect(exitCode).toBe(1);
    expect(document.launches.map(({ keepsSeal }) => keepsSeal)).toEqual([
      false,
      true,
      false,
      false,
    ]);
    const ofBad = document.findings.find(({ rule }) => rule === "LI-ROOTFS");
    expect(ofBad).toMatchObject({ identity: "pod/app:app", place: { file: "bad.yaml", line: 8 } });
    const { stdout } = await place.run([...args, "--quiet"]);
    expect(stdout).toContain("undoes the seal  pod/app:app (bad.yaml:6:7)");
    expect(stdout).toContain("keeps the seal  pod/app:app (2) (good.yaml:6:7)");
  });

  it("that cannot be read, or names no container of the image: exit code 2", async () => {
    const broken = await place.run(["audit", "app:sealed", "--pod", "broken.yaml"]);
    expect(broken.exitCode).toBe(2);
    expect(broken.stderr).toContain("LAUNCH_INVALID");
    expect(broken.stderr).toContain("broken.yaml:3:");
    const other = await place.run([
      "audit",
      "app:sealed",
      "--pod",
      "good.yaml",
      "--container",
      "x",
    ]);
    expect(other.exitCode).toBe(2);
    expect(other.stderr).toContain("app");
  });
});

function pod(image: string, isReadOnly: boolean): string {
  return `apiVersion: v1
kind: Pod
metadata: { name: app }
spec:
  containers:
    - name: app
      ${image}
      securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: ${isReadOnly} }
`;
}
