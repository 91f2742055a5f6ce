import { readFileSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { openLocalEngine } from "../src/local/engine.ts";
import { openSandbox } from "../src/steps/sandbox.ts";
import { engineContract, until } from "./contract.ts";
import { leftovers, missingPart, networkLinks } from "./support/machine.ts";
import { openTestStore, type TestStore } from "./support/test-images.ts";

engineContract("local", missingPart, async () => {
  const test = await openTestStore();
  const stateDirectory = join(test.directory, "state");
  return {
    engine: await openLocalEngine({ store: test.store, stateDirectory }),
    image: await test.image(),
    leftovers,
    close: () => test.remove(),
  };
});

describe.skipIf(missingPart !== undefined)("local engine", () => {
  let test: TestStore;
  let stateDirectory: string;
  const open = () =>
    openLocalEngine({ store: test.store, env: { ...process.env, LITHIFY_STATE: stateDirectory } });
  const phaseOf = (id: string) =>
    JSON.parse(readFileSync(join(stateDirectory, "instances", id, "instance.json"), "utf8")).phase;

  beforeAll(async () => {
    test = await openTestStore();
    stateDirectory = join(test.directory, "state");
  });
  afterAll(async () => {
    for (const instance of await (await open()).list()) await instance.stop({ graceSeconds: 0 });
    await test.remove();
  });

  it("cleans up behind a monitor that was killed, at the next look", async () => {
    const engine = await open();
    const instance = await engine.run({ image: await test.image(), name: "orphan" });
    process.kill(phaseOf(instance.id).by.pid, "SIGKILL");
    await until(async () => (await engine.find("orphan")) !== undefined);
    await until(async () => (await instance.state()).answer === "ended");
    expect(leftovers([instance.id])).toEqual([]);
    expect(await instance.state()).toEqual({ answer: "ended", exitCode: 137 });
    expect(await (await engine.find("orphan"))?.stop()).toEqual({ exitCode: 137 });
    expect(await engine.list()).toEqual([]);
  });

  it("ends an instance whose process was killed from outside", async () => {
    const engine = await open();
    const instance = await engine.run({ image: await test.image() });
    const state = await instance.state();
    if (state.answer === "running") process.kill(state.pid, "SIGKILL");
    await until(async () => (await instance.state()).answer === "ended");
    expect(leftovers([instance.id])).toEqual([]);
    expect(await instance.stop()).toEqual({ exitCode: 137 });
  });

  it("gives the range of addresses back", async () => {
    const engine = await open();
    const instance = await engine.run({ image: await test.image() });
    const { host } = instance.address(80);
    const [, , third = 0, fourth = 0] = host.split(".").map(Number);
    const link = `lithify${((third * 256 + fourth) >> 2).toString(16).padStart(4, "0")}`;
    expect(host).toMatch(/^10\.213\./);
    expect(networkLinks()).toContain(link);
    await instance.stop({ graceSeconds: 0 });
    expect(networkLinks()).not.toContain(link);
  });

  it("cleans up below a state directory that is reached through a link", async () => {
    const link = join(test.directory, "link");
    await symlink(test.directory, link);
    const engine = await openLocalEngine({
      store: test.store,
      stateDirectory: join(link, "linked"),
    });
    const instance = await engine.run({ image: await test.image(), writable: ["/tmp"] });
    await instance.stop({ graceSeconds: 0 });
    expect(leftovers([instance.id])).toEqual([]);
  });

  it("has no way out of its network: the one route is that of its own four addresses", async () => {
    const engine = await open();
    const instance = await engine.run({ image: await test.image() });
    const { stdout } = await instance.exec(["/bin/cat", "/proc/net/route"]);
    const [, ...routes] = stdout.trimEnd().split("\n");
    expect(routes.map((route) => route.trim().split(/\s+/)[7])).toEqual(["FCFFFFFF"]);
    await instance.stop({ graceSeconds: 0 });
  });

  it("filters system calls: no new user namespace, no mounts", async () => {
    const engine = await open();
    const image = await test.image({ User: "root" });
    const instance = await engine.run({ image, mutable: true });
    const status = await instance.exec(["/bin/cat", "/proc/self/status"]);
    expect(status.stdout).toMatch(/^Seccomp:\t2$/m);
    const busybox = (...args: string[]) => instance.exec(["/bin/busybox", ...args]);
    expect((await busybox("unshare", "-U", "true")).stderr).toContain("Operation not permitted");
    expect((await busybox("mount", "-t", "tmpfs", "x", "/tmp")).exitCode).not.toBe(0);
    await instance.stop({ graceSeconds: 0 });
  });

  it("needs root, and says so", async () => {
    const asked = vi.spyOn(process, "getuid").mockReturnValue(1000);
    const fault = { code: "NOT_ROOT", hint: "Run the command again with sudo." };
    await expect(open()).rejects.toMatchObject(fault);
    expect(() => openSandbox({ store: test.store })).toThrow(expect.objectContaining(fault));
    asked.mockRestore();
  });

  it.each([
    ["runc", "runc"],
    ["ip", "iproute2"],
  ])("names the package when %s is missing", async (program, debianPackage) => {
    const only = join(test.directory, `path-without-${program}`);
    await mkdir(only);
    const others = ["runc", "ip", "tar", "mount", "umount"].filter((name) => name !== program);
    for (const name of others) await symlink("/bin/busybox", join(only, name));
    await expect(
      openLocalEngine({ store: test.store, stateDirectory, env: { PATH: only } }),
    ).rejects.toMatchObject({
      code: "RUNTIME_MISSING",
      values: { program, package: debianPackage },
      hint: `Install it: apt-get install ${debianPackage}`,
    });
  });
});
