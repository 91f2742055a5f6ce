import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Step, StepResult } from "@lithify/build";
import { type Layer, replayLayers, type Tree } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSandbox } from "../src/steps/sandbox.ts";
import { until } from "./contract.ts";
import { missingPart } from "./support/machine.ts";
import { linesOf, mountedTree } from "./support/merged-tree.ts";
import { openTestStore, type TestStore } from "./support/test-images.ts";

describe.skipIf(missingPart !== undefined)("the sandbox of RUN", () => {
  let test: TestStore;
  let lines: string[];
  const run = async (
    script: string,
    more: Partial<Step> = {},
    signal?: AbortSignal,
  ): Promise<StepResult> => {
    lines = [];
    const step: Step = {
      layers: [test.base],
      command: ["/bin/sh", "-c", script],
      env: ["PATH=/bin", "WHO=builder"],
      workingDirectory: "/",
      user: "",
      process: {},
      network: "none",
      mounts: [],
      ...more,
    };
    const output = (line: string) => void lines.push(line);
    return openSandbox({ store: test.store }).run(
      step,
      signal === undefined ? { output } : { output, signal },
    );
  };
  const layerOf = async (result: StepResult): Promise<Layer> => {
    if (result.answer === "failed")
      throw new Error(`exit code ${result.exitCode}: ${lines.join("\n")}`);
    return test.store.writeLayer(result.changes);
  };
  const treeOf = async (script: string, more: Partial<Step> = {}): Promise<Tree> =>
    replayLayers([...(more.layers ?? [test.base]), await layerOf(await run(script, more))]);
  const workspaces = () => readdirSync(test.store.cacheDirectory("sandboxes"));

  beforeAll(async () => {
    test = await openTestStore();
  });
  afterAll(async () => {
    expect(workspaces()).toEqual([]);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(test.directory);
    await test.remove();
  });

  it("gives the difference as a layer: nothing but what the step did", async () => {
    const layer = await layerOf(
      await run(
        "echo new > /srv/new; rm /srv/index.html; rm -r /srv/closed; mkdir /srv/closed; mkdir -p /opt/a; chmod 750 /tmp; ln /bin/busybox /opt/bb; mknod /opt/null c 1 3; cat /etc/hosts > /dev/null",
      ),
    );
    const tree = await replayLayers([test.base, layer]);
    expect([...(await replayLayers([layer]))].map(({ path }) => path)).toEqual(
      ["/", "/opt", "/opt/a", "/opt/bb", "/opt/null", "/srv", "/srv/closed", "/srv/new", "/tmp"]
        .concat(["/bin", "/bin/busybox"].filter((path) => tree.at(path)?.layer === 1))
        .toSorted(),
    );
    expect(tree.at("/srv/index.html")).toBeUndefined();
    expect(tree.names("/srv/closed")).toEqual([]);
    expect(tree.at("/tmp")?.mode).toBe(0o750);
    expect(tree.at("/opt/null")).toMatchObject({
      type: "character",
      device: { major: 1, minor: 3 },
    });
    expect(linesOf(await mountedTree(test, [test.base, layer]))).toEqual(linesOf(tree));
  });

  it("builds step upon step, and the kernel and replay agree at each", async () => {
    const layers: Layer[] = [test.base];
    for (const script of [
      "mkdir -p /a/b/c; echo 1 > /a/b/c/x; ln /a/b/c/x /a/y",
      "rm -r /a/b; mkdir /a/b; echo 2 > /a/b/z; mv /a/y /a/w",
      "mv /srv /moved; rm -r /a; echo file > /a; chown 100:60 /moved/index.html; chmod u+s /moved/index.html",
    ])
      layers.push(await layerOf(await run(script, { layers })));
    const tree = await replayLayers(layers);
    expect(linesOf(await mountedTree(test, layers))).toEqual(linesOf(tree));
    expect(tree.at("/moved/index.html")).toMatchObject({ uid: 100, gid: 60, mode: 0o4664 });
    expect(tree.at("/a")?.type).toBe("file");
    expect(tree.at("/srv")).toBeUndefined();
  });

  it("streams the output line by line and gives the exit code of a step that failed", async () => {
    const result = await run("echo one; echo two > /dev/stderr; printf three; exit 9");
    expect(result).toEqual({ answer: "failed", exitCode: 9 });
    expect(lines.toSorted()).toEqual(["one", "three", "two"]);
  });

  it.each([
    ["", "uid=0(root) gid=0(root) groups=0(root)"],
    ["web", "uid=100(web) gid=0(root) groups=0(root),60(games)"],
    ["web:games", "uid=100(web) gid=60(games) groups=60(games)"],
    ["4711", "uid=4711 gid=0(root) groups=0(root)"],
  ])("runs as USER %j", async (user, expected) => {
    await layerOf(
      await run("id; echo $WHO in $(pwd) at $HOME", { user, workingDirectory: "/srv" }),
    );
    expect(lines[0]).toBe(expected);
    expect(lines[1]).toContain("builder in /srv at /");
  });

  it("has root's default capabilities, no network unless asked, and a filter for system calls", async () => {
    await layerOf(await run("grep -E 'CapEff|Seccomp:' /proc/self/status; ls /sys/class/net", {}));
    expect(lines).toEqual(["CapEff:\t00000000a80425fb", "Seccomp:\t2", "lo"]);
    await layerOf(await run("ls /sys/class/net", { network: "default" }));
    const ofMachine = readdirSync("/sys/class/net").filter((name) => !name.startsWith("lithify"));
    expect(lines).toEqual(expect.arrayContaining(ofMachine));
  });

  it("mounts what a step asks for, and keeps none of it", async () => {
    const source = join(test.directory, "context");
    const cache = join(test.directory, "cache");
    await mkdir(source);
    await mkdir(cache);
    await writeFile(join(source, "given"), "given\n");
    const tree = await treeOf(
      "cat /ctx/given /run/secrets/key; echo no > /ctx/given || true; echo scratch > /w/given; cat /w/given; echo kept > /cache/x; echo gone > /scratch/x; ls -l /run/secrets/key",
      {
        mounts: [
          { type: "bind", target: "/ctx", source, writable: false },
          { type: "bind", target: "/w", source, writable: true },
          { type: "cache", target: "/cache", source: cache },
          { type: "tmpfs", target: "/scratch", size: 1 << 20 },
          { type: "secret", target: "/run/secrets/key", bytes: Buffer.from("hush\n"), mode: 0o400 },
        ],
      },
    );
    expect(lines).toEqual(expect.arrayContaining(["given", "hush"]));
    expect(lines.join("\n")).toContain("Read-only file system");
    expect(lines).toContain("scratch");
    expect(lines.find((line) => line.endsWith("/run/secrets/key"))).toMatch(/^-r--------/);
    expect(await readFile(join(source, "given"), "utf8")).toBe("given\n");
    expect(await readFile(join(cache, "x"), "utf8")).toBe("kept\n");
    for (const path of ["/ctx", "/w", "/cache", "/scratch", "/run", "/proc", "/etc/resolv.conf"])
      expect(tree.at(path)).toBeUndefined();
  });

  it("ends the step when its signal is given", async () => {
    const controller = new AbortController();
    const running = run("echo up; while :; do sleep 1; done", {}, controller.signal);
    await until(async () => lines.includes("up"));
    controller.abort();
    await expect(running).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(workspaces()).toEqual([]);
  });

  it("cleans up behind a process that was killed, at the next step", async () => {
    const program = fileURLToPath(new URL("./support/endless-step.ts", import.meta.url));
    await test.store.tag("base", await test.image());
    const child = spawn(process.execPath, [program, test.store.directory]);
    child.stderr.pipe(process.stderr);
    await until(async () => workspaces().some((name) => isRunning(name)));
    child.kill("SIGKILL");
    await new Promise((resolve) => child.on("close", resolve));
    expect(workspaces()).toHaveLength(1);
    await layerOf(await run("true"));
    expect(workspaces()).toEqual([]);
  });

  /** The runtime has its state once the step's process exists. */
  function isRunning(name: string): boolean {
    const directory = join(test.store.cacheDirectory("sandboxes"), name);
    return existsSync(join(directory, "runc", name, "state.json"));
  }
});
