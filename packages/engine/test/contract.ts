import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Image } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Engine, Instance, RunSpec } from "../src/engine.ts";

/** What a contract run needs of an engine. */
export interface EngineUnderTest {
  readonly engine: Engine;
  /** USER web, uid 100, gid 0, groups 0 and 60; serves /srv/index.html on port 8080. See support/test-images.ts. */
  readonly image: Image;
  /** What the machine still holds for instances that were stopped. */
  leftovers(ids: readonly string[]): readonly string[];
  close(): Promise<void>;
}

/** What every engine must do. Run once for each engine, with its own way to open it. */
export function engineContract(
  name: string,
  skip: string | undefined,
  open: () => Promise<EngineUnderTest>,
): void {
  describe.skipIf(skip !== undefined)(`engine contract: ${name}`, () => {
    let under: EngineUnderTest;
    const ids: string[] = [];
    const run = async (spec: Omit<RunSpec, "image"> = {}): Promise<Instance> => {
      const instance = await under.engine.run({ image: under.image, ...spec });
      ids.push(instance.id);
      return instance;
    };
    const shell = (script: string) => ({ command: ["/bin/sh", "-c", script] });
    const waiting = shell("trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.02; done");

    beforeAll(async () => {
      under = await open();
    });
    afterAll(async () => {
      for (const instance of await under.engine.list()) await instance.stop({ graceSeconds: 0 });
      const left = under.leftovers(ids);
      await under.close();
      expect(left).toEqual([]);
    });

    it("runs, is found by name and by the beginning of its id, and stops with its own exit code", async () => {
      const instance = await run({ ...waiting, name: "web-1", labels: { role: "stable" } });
      expect((await instance.state()).answer).toBe("running");
      await until(async () => (await textOf(instance)).includes("up"));
      expect((await under.engine.find("web-1"))?.id).toBe(instance.id);
      const found = await under.engine.find(instance.id.slice(0, 10));
      expect(found?.labels).toEqual({ role: "stable" });
      expect(found?.image).toBe(under.image.digest);
      expect(await instance.stop()).toEqual({ exitCode: 5 });
      expect(await under.engine.find("web-1")).toBeUndefined();
      expect(under.leftovers([instance.id])).toEqual([]);
    });

    it("keeps an ended instance listed, with exit code and output, until it is stopped", async () => {
      const instance = await run(shell("echo out; echo err >&2; exit 7"));
      await until(async () => (await instance.state()).answer === "ended");
      expect(await instance.state()).toEqual({ answer: "ended", exitCode: 7 });
      expect((await under.engine.list()).map(({ id }) => id)).toContain(instance.id);
      expect((await textOf(instance)).split("\n").toSorted()).toEqual(["", "err", "out"]);
      await expect(instance.exec(["/bin/true"])).rejects.toMatchObject({ code: "INSTANCE_ENDED" });
      expect(await instance.stop()).toEqual({ exitCode: 7 });
      expect((await under.engine.list()).map(({ id }) => id)).not.toContain(instance.id);
    });

    it("follows the output to its end", async () => {
      const instance = await run(shell("for n in 1 2 3; do echo line $n; sleep 0.05; done"));
      let text = "";
      for await (const part of instance.logs({ follow: true })) text += part;
      expect(text).toBe("line 1\nline 2\nline 3\n");
      await instance.stop();
    });

    it("lets a program open /dev/stdout and /dev/stderr again, as loggers do", async () => {
      const instance = await run(shell("echo one > /dev/stdout; echo two > /dev/stderr"));
      await until(async () => (await instance.state()).answer === "ended");
      expect((await textOf(instance)).split("\n").toSorted()).toEqual(["", "one", "two"]);
      await instance.stop();
    });

    it("runs commands inside with input, output, exit code and identity", async () => {
      const instance = await run(waiting);
      const result = await instance.exec(["/bin/sh", "-c", "cat; id >&2; exit 3"], {
        stdin: "given",
      });
      expect(result.exitCode).toBe(3);
      expect(result.stdout).toBe("given");
      expect(result.stderr).toContain("uid=100(web) gid=0(root) groups=0(root),60(games)");
      const other = await instance.exec(["/bin/id"], { user: "1000770000" });
      expect(other.stdout).toContain("uid=1000770000 gid=0(root)");
      const env = await instance.exec(["/bin/env"], { env: ["GREETING=other"] });
      expect(env.stdout.split("\n")).toContain("GREETING=other");
      await expect(
        instance.exec(["/bin/dd", "if=/dev/zero", "bs=1M", "count=20"]),
      ).rejects.toMatchObject({ code: "OUTPUT_TOO_LARGE" });
      await instance.stop({ graceSeconds: 0 });
    });

    it("serves on its own address and on published ports, of which 0 is any free one", async () => {
      const instance = await run({ publish: [{ hostPort: 0, containerPort: 8080 }] });
      const [published] = instance.published;
      expect(published?.hostPort).toBeGreaterThan(0);
      const direct = instance.address(8080);
      for (const place of [`127.0.0.1:${published?.hostPort}`, `${direct.host}:${direct.port}`])
        expect(await bodyOf(`http://${place}/index.html`)).toBe("still mutable\n");
      await instance.stop({ graceSeconds: 0 });
    });

    it("refuses a port in use and a name in use, and leaves nothing behind", async () => {
      const before = (await under.engine.list()).length;
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      const hostPort = typeof address === "object" && address !== null ? address.port : 0;
      await expect(run({ publish: [{ hostPort, containerPort: 80 }] })).rejects.toMatchObject({
        code: "PORT_IN_USE",
        exitCode: 3,
        values: { port: hostPort },
      });
      await new Promise((resolve) => server.close(resolve));
      const first = await run({ ...waiting, name: "taken" });
      await expect(run({ name: "taken" })).rejects.toMatchObject({ code: "NAME_IN_USE" });
      await first.stop({ graceSeconds: 0 });
      const again = await run({ ...waiting, name: "taken" });
      await again.stop({ graceSeconds: 0 });
      expect(await under.engine.list()).toHaveLength(before);
    });

    it("refuses what cannot start, and leaves nothing behind", async () => {
      const before = (await under.engine.list()).length;
      await expect(run({ command: ["/no/such/program"] })).rejects.toMatchObject({
        code: "INSTANCE_START_FAILED",
      });
      await expect(run({ user: "nobody-here" })).rejects.toMatchObject({
        code: "IDENTITY_UNKNOWN",
      });
      await expect(run({ name: "../escape" })).rejects.toMatchObject({ code: "NAME_INVALID" });
      expect(await under.engine.list()).toHaveLength(before);
    });

    it.each([
      { writable: ["/"] },
      { writable: ["/srv/.."] },
      { writable: ["tmp"] },
      { writable: ["/srv/index.html"] },
      { readOnlyMounts: [{ source: "/no/such/thing", target: "/x" }] },
    ])("refuses a mount that cannot be: %j", async (spec) => {
      await expect(run(spec)).rejects.toMatchObject({ code: "MOUNT_INVALID", exitCode: 2 });
    });

    it("is read-only, without capabilities and new privileges, unless mutable", async () => {
      const script = "echo changed > /srv/index.html && cat /srv/index.html";
      const sealed = await run({ ...waiting, writable: ["/tmp", "/var/spool"] });
      const refused = await sealed.exec(["/bin/sh", "-c", script]);
      expect(refused.exitCode).not.toBe(0);
      expect(refused.stderr).toContain("Read-only file system");
      const written = await sealed.exec([
        "/bin/sh",
        "-c",
        "touch /tmp/x /var/spool/y && ls /tmp /var/spool",
      ]);
      expect(written.stdout).toContain("y");
      const root = await sealed.exec(["/bin/touch", "/srv/by-root", "/dev/by-root"], {
        user: "root",
      });
      expect(root.stderr.match(/Read-only file system/g)).toHaveLength(2);
      const facts = await sealed.facts();
      expect(facts).toMatchObject({ uid: 100, gid: 0, groups: [0, 60], capabilities: [] });
      expect(facts).toMatchObject({ noNewPrivileges: true, readOnlyRoot: true });
      expect(facts.started).toEqual(waiting.command);
      expect(facts.env).toContain("GREETING=hello");
      await sealed.stop({ graceSeconds: 0 });

      const mutable = await run({ ...waiting, mutable: true });
      expect((await mutable.exec(["/bin/sh", "-c", script])).stdout).toBe("changed\n");
      expect(await mutable.facts()).toMatchObject({
        capabilities: [],
        noNewPrivileges: false,
        readOnlyRoot: false,
      });
      expect(await mutable.touched()).toContain("/srv/index.html");
      await mutable.stop({ graceSeconds: 0 });
    });

    it("shows the file tree as it is now, without mounts and what they need", async () => {
      const instance = await run({ ...waiting, mutable: true, writable: ["/var/spool"] });
      const before = await instance.snapshot();
      expect(before.at("/proc")).toBeUndefined();
      expect(before.at("/dev")).toBeUndefined();
      expect(before.at("/etc/hosts")).toBeUndefined();
      expect(before.at("/srv/index.html")).toMatchObject({
        mode: 0o664,
        size: 14,
        mtime: 1_700_000_000,
      });
      await instance.exec([
        "/bin/sh",
        "-c",
        "echo 'STILL mutable' > /srv/index.html; touch /srv/new",
      ]);
      const after = await instance.snapshot();
      expect(after.at("/srv/index.html")?.size).toBe(14);
      expect(after.at("/srv/index.html")?.digest).not.toBe(before.at("/srv/index.html")?.digest);
      expect(after.at("/srv/new")).toMatchObject({ uid: 100, gid: 0 });
      await instance.stop({ graceSeconds: 0 });
    });

    it("keeps several instances of one image apart", async () => {
      const all = await Promise.all(["a", "b", "c"].map((name) => run({ name, mutable: true })));
      expect(new Set(all.map((one) => one.address(8080).host)).size).toBe(3);
      await Promise.all(
        all.map((one) => one.exec(["/bin/sh", "-c", `echo ${one.name} > /srv/index.html`])),
      );
      for (const one of all) {
        const { host, port } = one.address(8080);
        expect(await bodyOf(`http://${host}:${port}/index.html`)).toBe(`${one.name}\n`);
      }
      const names = (await under.engine.list()).map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(["a", "b", "c"]));
      await Promise.all(all.map((one) => one.stop({ graceSeconds: 0 })));
      expect(under.leftovers(all.map(({ id }) => id))).toEqual([]);
    });

    it("holds a container to its limits", async () => {
      const limits = { memoryBytes: 64 * 1024 * 1024, pids: 20, cpus: 0.5 };
      const instance = await run({ ...waiting, limits });
      const state = await instance.state();
      const pid = state.answer === "running" ? state.pid : 0;
      expect(limitFiles(pid)).toEqual({
        memory: String(limits.memoryBytes),
        pids: "20",
        cpu: "50000",
      });
      await instance.stop({ graceSeconds: 0 });
    });

    it("does not start once its signal was given", async () => {
      const signal = AbortSignal.abort();
      const before = (await under.engine.list()).length;
      await expect(under.engine.run({ image: under.image }, { signal })).rejects.toMatchObject({
        code: "INTERRUPTED",
      });
      expect(await under.engine.list()).toHaveLength(before);
    });
  });
}

/** Asks again until the answer is yes; a test that waits for ever ends with its own time limit. */
export async function until(answer: () => Promise<boolean>): Promise<void> {
  while (!(await answer())) await sleep(10);
}

/** What the control groups of a process allow it: v1 has a tree for each controller, v2 one for all (cgroups(7)). */
function limitFiles(pid: number): Readonly<Record<"memory" | "pids" | "cpu", string>> {
  const lines = readFileSync(`/proc/${pid}/cgroup`, "utf8").split("\n");
  const read = (controller: string, v1: string, v2: string): string => {
    const own = lines.find((line) => line.split(":")[1]?.split(",").includes(controller));
    const path = (own ?? lines.find((line) => line.startsWith("0::")) ?? "").split(":")[2];
    const place =
      own === undefined ? `/sys/fs/cgroup${path}` : `/sys/fs/cgroup/${controller}${path}`;
    return (
      readFileSync(`${place}/${own === undefined ? v2 : v1}`, "utf8")
        .trim()
        .split(" ")[0] ?? ""
    );
  };
  return {
    memory: read("memory", "memory.limit_in_bytes", "memory.max"),
    pids: read("pids", "pids.max", "pids.max"),
    cpu: read("cpu", "cpu.cfs_quota_us", "cpu.max"),
  };
}

async function textOf(instance: Instance): Promise<string> {
  let text = "";
  for await (const part of instance.logs()) text += part;
  return text;
}

async function bodyOf(url: string): Promise<string> {
  for (;;) {
    const response = await fetch(url).catch(() => undefined); // the server inside may not listen yet
    if (response !== undefined) return response.text();
    await sleep(10);
  }
}
