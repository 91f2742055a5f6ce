import type { InstanceFacts } from "@lithify/engine";
import {
  type Digest,
  digestOf,
  type Image,
  type Tree,
  type TreeNode,
  treeFromNodes,
} from "@lithify/oci";
import type { Identity, Policy } from "@lithify/seal";
import { describe, expect, it } from "vitest";
import {
  type Baseline,
  baselineOfImage,
  type Change,
  compareInstance,
  reportOf,
} from "../src/index.ts";
import { changesOf } from "../src/served-changes.ts";

const image = {
  digest: digestOf("image"),
  config: {
    architecture: "amd64",
    os: "linux",
    rootfs: { type: "layers", diff_ids: [] },
    config: { Env: ["PATH=/bin", "MODE=live"], Entrypoint: ["/bin/drouter"], Cmd: ["--fast"] },
  },
} as unknown as Image;

const identity: Identity = {
  name: "drouter",
  uid: 101,
  gid: 0,
  groups: [0],
  capabilities: [],
  noNewPrivileges: true,
};

const policy: Policy = {
  profile: "generic",
  trees: [],
  writable: ["/work"],
  identities: ["drouter"],
};

const facts: InstanceFacts = {
  env: ["PATH=/bin", "MODE=live", "HOSTNAME=web"],
  command: ["node", "main.js"],
  started: ["/bin/drouter", "--fast"],
  workingDirectory: "/",
  uid: 101,
  gid: 0,
  groups: [0],
  capabilities: [],
  noNewPrivileges: true,
  readOnlyRoot: true,
  mounts: [
    { target: "/", type: "overlay", readOnly: true },
    { target: "/work", type: "tmpfs", readOnly: false },
    { target: "/dev/shm", type: "tmpfs", readOnly: false },
  ],
};

function object(path: string, over: Partial<TreeNode> = {}): TreeNode {
  return {
    path,
    type: "file",
    mode: 0o644,
    uid: 0,
    gid: 0,
    size: 5,
    digest: digestOf("hello"),
    xattrs: new Map(),
    mtime: 0,
    inode: path.length * 1000 + path.charCodeAt(path.length - 1),
    layer: 0,
    ...over,
  };
}

const root = object("/", { type: "directory", mode: 0o755, size: 0 });
const work = object("/work", { type: "directory", mode: 0o1777, size: 0 });
const sealedNodes = [root, object("/app"), object("/etc-hosts"), work];

function treeWith(...nodes: readonly TreeNode[]): Tree {
  const byPath = new Map([...sealedNodes, ...nodes].map((node) => [node.path, node]));
  return treeFromNodes(byPath.values());
}

function sealed(): Baseline {
  return { kind: "sealed", image, tree: treeWith(), policy, identities: [identity] };
}

function changes(live: Tree, over: Partial<InstanceFacts> = {}): readonly Change[] {
  const instance = { name: "web", image: image.digest as Digest };
  return compareInstance(instance, sealed(), live, { ...facts, ...over }).changes;
}

describe("compareInstance", () => {
  it("has nothing to say of an instance that is as sealed", () => {
    expect(changes(treeWith()).filter((change) => change.class === "violation")).toEqual([]);
  });

  it.each<[string, TreeNode, Change["kind"]]>([
    ["content of the same size and time", object("/app", { digest: digestOf("world") }), "content"],
    ["mode", object("/app", { mode: 0o664 }), "mode"],
    ["owner", object("/app", { uid: 101 }), "owner"],
    ["type", object("/app", { type: "fifo", size: 0 }), "type"],
    ["xattr", object("/app", { xattrs: new Map([["user.a", Buffer.from("b")]]) }), "xattr"],
    ["an added object", object("/new"), "added"],
  ])("finds a change of %s", (_name, node, kind) => {
    const found = changes(treeWith(node)).filter((change) => change.class === "violation");
    expect(found.map((change) => [change.kind, change.path])).toContainEqual([kind, node.path]);
  });

  it("finds a removed object", () => {
    const live = treeFromNodes(sealedNodes.filter((node) => node.path !== "/app"));
    expect(changes(live)).toContainEqual(
      expect.objectContaining({ kind: "removed", path: "/app", class: "violation" }),
    );
  });

  it("sorts what it finds into violation, declared and injected", () => {
    const live = treeWith(
      object("/work/cache"),
      object("/proc", { type: "directory", size: 0, mode: 0o755 }),
      object("/workshop"),
    );
    const classes = new Map(changes(live).map((change) => [change.path, change.class]));
    expect(classes.get("/work/cache")).toBe("declared");
    expect(classes.get("/proc")).toBe("injected");
    expect(classes.get("/workshop")).toBe("violation");
    expect(classes.get("env:HOSTNAME")).toBe("injected");
  });

  it.each<[string, Partial<InstanceFacts>, string]>([
    ["a changed variable", { env: ["PATH=/bin", "MODE=test"] }, "env:MODE"],
    ["a missing variable", { env: ["PATH=/bin"] }, "env:MODE"],
    ["a variable nobody declared", { env: [...facts.env, "LD_PRELOAD=/x"] }, "env:LD_PRELOAD"],
    ["another command", { started: ["/bin/sh"] }, "command"],
    ["another user", { uid: 0, groups: [] }, "user"],
    ["another group", { groups: [0, 27] }, "user"],
    ["a capability", { capabilities: ["CAP_CHOWN"] }, "capabilities"],
    ["new privileges", { noNewPrivileges: false }, "no-new-privileges"],
    ["a writable root", { readOnlyRoot: false }, "/"],
    ["a writable mount", { mounts: [{ target: "/app", type: "tmpfs", readOnly: false }] }, "/app"],
  ])("finds %s", (_name, over, path) => {
    expect(changes(treeWith(), over)).toContainEqual(
      expect.objectContaining({ path, class: "violation" }),
    );
  });

  it("compares an image without a seal with the image only", () => {
    const instance = { name: "web", image: image.digest };
    const free = { ...facts, readOnlyRoot: false, capabilities: ["CAP_CHOWN"], uid: 0 };
    const baseline = baselineOfImage(image, treeWith());
    const same = compareInstance(instance, baseline, treeWith(), free);
    const edited = compareInstance(
      instance,
      baseline,
      treeWith(object("/app", { mode: 0o666 })),
      free,
    );
    expect([same.drifted, edited.drifted, same.sealed]).toEqual([false, true, false]);
    expect(reportOf([same, edited]).drifted).toBe(true);
  });
});

describe("what a gateway serves otherwise than its files say", () => {
  it("is named, and drift", () => {
    const said = {
      drifted: true,
      differences: [
        { domain: "echo", change: "changed", object: 'mpgw "echo"', property: "front-timeout" },
        { domain: "echo", change: "added", object: 'matching "m"' },
        { domain: 1 },
      ],
    };
    expect(changesOf(said).map(({ kind, path, is }) => [kind, path, is])).toEqual([
      ["configuration", 'echo: mpgw "echo" front-timeout', "changed in memory"],
      ["configuration", 'echo: matching "m"', "added in memory"],
    ]);
  });

  it("is nothing where the answer is none", () => {
    for (const answer of [undefined, null, 1, "text", {}, { differences: {} }]) {
      expect(changesOf(answer)).toEqual([]);
    }
  });
});
