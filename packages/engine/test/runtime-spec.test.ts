import { defaultCapabilities } from "@lithify/seal";
import { describe, expect, it } from "vitest";
import { parseMountInfo, parseStatus } from "../src/local/kernel-facts.ts";
import { capabilitiesFromMask, capabilitySets } from "../src/runtime/capabilities.ts";
import { commandOf, environmentOf, runtimeSpec } from "../src/runtime/runtime-spec.ts";
import { seccompProfile } from "../src/runtime/seccomp.ts";

const plan = {
  id: "abc",
  rootfs: "/r",
  hostname: "web",
  user: { uid: 100, gid: 0, groups: [0, 60] },
  command: ["/bin/true"],
  env: ["A=1"],
  workingDirectory: "/",
  capabilities: "none",
  noNewPrivileges: true,
  readOnlyRoot: true,
  closedDevices: true,
  network: { answer: "namespace", path: "/run/netns/x" },
  mounts: [],
} as const;

describe("runtime configuration", () => {
  it("gives a sealed process nothing: no capabilities, no new privileges, nothing writable but /dev/shm", () => {
    expect(runtimeSpec(plan)).toMatchObject({
      root: { path: "/r", readonly: true },
      process: {
        user: { uid: 100, gid: 0, additionalGids: [0, 60] },
        capabilities: { bounding: [], effective: [], permitted: [], inheritable: [], ambient: [] },
        noNewPrivileges: true,
      },
      linux: {
        cgroupsPath: "/lithify-abc",
        sysctl: { "net.ipv4.ip_unprivileged_port_start": "0" },
      },
    });
    const { mounts } = runtimeSpec(plan) as {
      mounts: { destination: string; options: string[] }[];
    };
    const optionsOf = (path: string) => mounts.find((one) => one.destination === path)?.options;
    expect(optionsOf("/dev")).toContain("ro");
    expect(optionsOf("/sys")).toContain("ro");
    expect(optionsOf("/dev/shm")).toEqual(expect.arrayContaining(["noexec", "size=8m"]));
    expect(optionsOf("/dev/mqueue")).toBeUndefined();
  });

  it("has no network namespace and no sysctl of its own on the machine's network", () => {
    const { linux } = runtimeSpec({ ...plan, network: { answer: "host" } }) as {
      linux: { namespaces: { type: string }[]; sysctl?: object };
    };
    expect(linux.namespaces.map(({ type }) => type)).toEqual(["pid", "mount", "ipc", "uts"]);
    expect(linux.sysctl).toBeUndefined();
  });

  it.each([
    [{ Entrypoint: ["/e"], Cmd: ["c"] }, {}, ["/e", "c"]],
    [{ Entrypoint: ["/e"], Cmd: ["c"] }, { command: ["d"] }, ["/e", "d"]],
    [{ Entrypoint: ["/e"], Cmd: ["c"] }, { entrypoint: ["/f"] }, ["/f"]],
    [{ Entrypoint: ["/e"], Cmd: ["c"] }, { entrypoint: ["/f"], command: ["g"] }, ["/f", "g"]],
    [{ Entrypoint: null, Cmd: null }, {}, []],
    [{ Cmd: ["/c"] }, { command: [] }, []],
  ])("joins entrypoint and command as Docker does: %j with %j", (config, given, expected) => {
    expect(commandOf(config, given)).toEqual(expected);
  });

  it("has one value for each name of the environment, the last given", () => {
    const env = environmentOf({ Env: ["PATH=/x", "A=1", "B=a=b"] }, "web", ["A=2", "C"]);
    expect(env).toEqual(["PATH=/x", "HOSTNAME=web", "A=2", "B=a=b", "C="]);
  });
});

describe("capabilities", () => {
  it("are those of Docker for root, and only bounding for others", () => {
    expect(capabilitySets("docker", 0).effective).toEqual(defaultCapabilities);
    expect(capabilitySets("docker", 100)).toMatchObject({
      bounding: defaultCapabilities,
      effective: [],
    });
    expect(capabilitySets("none", 0).bounding).toEqual([]);
  });

  it("are read from a mask", () => {
    expect(capabilitiesFromMask("00000000a80425fb")).toEqual(defaultCapabilities);
    expect(capabilitiesFromMask("0000000000000000")).toEqual([]);
  });
});

describe("system calls", () => {
  const allowedNames = (bounding: readonly string[]) =>
    seccompProfile("x64", bounding)
      .syscalls.filter(({ action, args }) => action === "SCMP_ACT_ALLOW" && args === undefined)
      .flatMap(({ names }) => names);

  it("allows what programs need and nothing that changes the machine", () => {
    const names = allowedNames([]);
    expect(names).toEqual(
      expect.arrayContaining(["read", "execve", "futex", "epoll_wait", "statx"]),
    );
    for (const name of [
      "mount",
      "unshare",
      "setns",
      "bpf",
      "init_module",
      "reboot",
      "keyctl",
      "clone3",
    ])
      expect(names).not.toContain(name);
    expect(names).not.toContain("chroot");
    expect(allowedNames(["CAP_SYS_CHROOT"])).toContain("chroot");
  });

  it("names no call twice", () => {
    const names = allowedNames([]);
    expect(names.length - new Set(names).size).toBe(0);
  });
});

describe("what the kernel says", () => {
  it("reads ids, groups and rights of a process", () => {
    const status =
      "Name:\tx\nUid:\t0\t100\t0\t0\nGid:\t0\t7\t0\t0\nGroups:\t60 0 \nNoNewPrivs:\t1\nCapEff:\t0000000000000400\n";
    expect(parseStatus(status)).toEqual({
      uid: 100,
      gid: 7,
      groups: [0, 60],
      capabilities: ["CAP_NET_BIND_SERVICE"],
      noNewPrivileges: true,
    });
  });

  it("reads mounts, read-only by the mount or by its file system", () => {
    const text = [
      "47 27 0:39 / / ro,relatime - overlay overlay rw,lowerdir=a:b",
      "48 47 0:40 / /with\\040blank rw,nosuid shared:1 master:2 - tmpfs tmpfs rw,size=8k",
      "49 47 0:41 / /other rw - ext4 /dev/x ro",
      "",
    ].join("\n");
    expect(parseMountInfo(text)).toEqual([
      { target: "/", type: "overlay", readOnly: true },
      { target: "/with blank", type: "tmpfs", readOnly: false },
      { target: "/other", type: "ext4", readOnly: true },
    ]);
  });
});
