import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ProcessConfig, TarInput } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../src/engine.ts";
import { type LearnOptions, type LearnReport, learn } from "../src/learn/learn.ts";
import { openLocalEngine } from "../src/local/engine.ts";
import { missingPart } from "./support/machine.ts";
import { entry, file, openTestStore, type TestStore } from "./support/test-images.ts";

const strace = "/usr/bin/strace";
const skip = missingPart ?? (existsSync(strace) ? undefined : "not installed: strace");
if (missingPart === undefined && skip !== undefined)
  process.stderr.write(`learn is not tested here: ${skip}\n`);

describe.skipIf(skip !== undefined)("learn", () => {
  let test: TestStore;
  let engine: Engine;
  beforeAll(async () => {
    test = await openTestStore();
    const stateDirectory = join(test.directory, "state");
    engine = await openLocalEngine({ store: test.store, stateDirectory });
  });
  afterAll(async () => {
    expect(await engine.list()).toEqual([]);
    await test.remove();
  });

  const learned = async (
    script: string,
    more: {
      readonly config?: ProcessConfig;
      readonly files?: readonly TarInput[];
      readonly options?: Partial<LearnOptions>;
    } = {},
  ): Promise<LearnReport> => {
    const config = { Cmd: ["/bin/sh", "-c", script], ...more.config };
    const image = await test.image(config, [await test.layer(more.files ?? [])]);
    return learn(engine, image, { strace, seconds: 8, ...more.options });
  };
  const paths = (report: LearnReport) => report.mounts.map(({ path }) => path);
  const open = (path: string) => entry(path, "directory", { mode: 0o777 });

  it("finds nothing for a program that writes nothing", async () => {
    const report = await learned("cat /srv/index.html > /dev/null; echo to stdout");
    expect(report).toMatchObject({ works: true, mounts: [], confirmed: true, refused: [] });
    expect(report.noise).toContain("/dev/null");
    expect(report.workload.output).toBe("to stdout\n");
  });

  it("finds relative paths, renames, removals and new directories, each in the smallest mount", async () => {
    const files = [open("work"), open("work/spool"), open("work/state"), file("work/program", "x")];
    const script = [
      "echo 1 > spool/a",
      "mv spool/a spool/b",
      "rm spool/b",
      "cd state && mkdir -p new/deep && echo 2 > new/deep/file",
      "echo 3 > /tmp/x",
    ].join(" && ");
    const report = await learned(script, { config: { WorkingDir: "/work" }, files });
    expect(paths(report)).toEqual(["/tmp", "/work/spool", "/work/state"]);
    expect(report).toMatchObject({ works: true, confirmed: true, refused: [], unmountable: [] });
    expect(report.writes).toContainEqual({ operation: "remove", path: "/work/spool/b" });
    expect(report.mounts.flatMap(({ hides }) => hides)).toEqual([]);
    expect(report.renderings.lithify).toBe(
      'writable:\n  - "/tmp"\n  - "/work/spool"\n  - "/work/state"\n',
    );
  });

  it("gives a program its /run/x.pid, which only a mount allows it", async () => {
    const files = [
      entry("run", "directory"),
      entry("var", "directory"),
      entry("var/run", "symlink", { target: "../run" }),
    ];
    const report = await learned("echo $$ > /var/run/x.pid || exit 1", { files });
    expect(report.works).toBe(false);
    expect(paths(report)).toEqual(["/run"]);
    expect(report).toMatchObject({ confirmed: true, refused: [] });
  });

  it("tells a refused write that does no harm", async () => {
    const files = [entry("opt", "directory")];
    const report = await learned("touch /opt/cache 2>/dev/null; exit 0", { files });
    expect(report).toMatchObject({ works: true, mounts: [], confirmed: true });
    expect(report.refused).toContainEqual(
      expect.objectContaining({ path: "/opt/cache", harmless: true }),
    );
  });

  it("warns of files that a mount would hide, and says what then fails", async () => {
    const files = [open("app"), file("app/config", "needed\n")];
    const report = await learned("cat /app/config && echo x > /app/log", { files });
    expect(report.mounts).toEqual([{ path: "/app", for: ["/app/log"], hides: ["/app/config"] }]);
    expect(report).toMatchObject({ works: true, confirmed: false });
  });

  it("watches a server while it answers", async () => {
    const requests = [{ method: "GET", url: new URL("http://instance:8080/index.html") }];
    const config = { Cmd: ["/bin/httpd", "-f", "-p", "8080", "-h", "/srv"] };
    const report = await learned("", { config, options: { requests } });
    expect(report).toMatchObject({ works: true, confirmed: true, mounts: [] });
    expect(report.workload.responses).toEqual([{ url: requests[0]?.url.href, status: 200 }]);
  });

  it("says so when the program is not there", async () => {
    await expect(learned("", { config: { Cmd: ["/no/such"] } })).rejects.toMatchObject({
      code: "LEARN_UNUSABLE",
    });
  });
});
