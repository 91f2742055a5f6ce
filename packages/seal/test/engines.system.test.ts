import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";
import { openStore, type Tree, treeFromNodes, treeFromTar, writeTar } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parsePolicy } from "../src/policy/parse.ts";
import { seal } from "../src/sealing/seal.ts";
import type { SealedImage } from "../src/sealing/sealed-image.ts";

const run = promisify(execFile);
const has = (program: string) => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0;
const isRoot = process.getuid?.() === 0;

let directory: string;
let sealed: SealedImage;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "lithify-seal-"));
  const store = await openStore(join(directory, "store"));
  const attributes = { uid: 1000, gid: 0, mtime: 1_600_000_000, xattrs: new Map() };
  const acl = Buffer.from(
    "0200000001000600ffffffff02000600e803000004000400ffffffff10000600ffffffff20000400ffffffff",
    "hex",
  );
  const busybox = await readFile("/usr/bin/busybox");
  const file = (path: string, mode: number, body: Buffer, xattrs = attributes.xattrs) => ({
    entry: { ...attributes, path, type: "file" as const, mode, size: body.length, xattrs },
    body,
  });
  const folder = (path: string, mode: number) => ({
    entry: { ...attributes, path, type: "directory" as const, mode, size: 0 },
  });
  const lower = [folder("bin", 0o775), file("bin/busybox", 0o775, busybox)];
  const upper = [
    folder("srv", 0o2777),
    folder("srv/only", 0o777),
    file("srv/text", 0o664, Buffer.alloc(100_000, "text ")),
    file("srv/listed", 0o664, Buffer.from("a"), new Map([["system.posix_acl_access", acl]])),
    file("srv/setuid", 0o6755, Buffer.from("b")),
  ];
  const layers = [];
  for (const inputs of [lower, upper]) layers.push(await store.writeLayer(writeTar(inputs)));
  const image = await store.writeImage({
    config: { architecture: "amd64", os: "linux", config: { Volumes: { "/srv": {} } } },
    layers,
  });
  const policy = parsePolicy(
    'version: 1\nwritable: [/tmp]\nidentities: ["1000:0"]\n',
    "lithify.yaml",
  );
  ({ sealed } = await seal(store, image, policy, { user: "1000:0" }));
  await store.tag("sealed", sealed.image, { exact: true });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** Modes, owners and attributes of what the image protects, without the root and what engines mount. */
function comparable(tree: Tree): readonly string[] {
  const nodes = [...tree].filter(({ path }) => /^\/(bin|srv|tmp)/u.test(path));
  return nodes.map(({ path, mode, uid, gid, xattrs, digest }) =>
    [path, mode.toString(8), uid, gid, [...xattrs.keys()].sort(), digest].join(" "),
  );
}

async function treeAt(root: string): Promise<Tree> {
  const args = ["-C", root, "--xattrs", "--xattrs-include=*", "--numeric-owner", "-c", "."];
  const child = spawn("tar", args, { stdio: ["ignore", "pipe", "inherit"] });
  return treeFromNodes(await treeFromTar(child.stdout));
}

describe.skipIf(!isRoot)("a sealed image elsewhere", () => {
  test.skipIf(!has("umoci"))("umoci unpacks what was sealed", async () => {
    const bundle = join(directory, "bundle");
    await run("umoci", ["unpack", "--image", `${directory}/store:sealed`, bundle]);
    expect(comparable(await treeAt(join(bundle, "rootfs")))).toEqual(comparable(sealed.tree));
    expect(sealed.image.config.config?.Volumes).toBeUndefined();
  });

  test.skipIf(!has("dockerd") || !has("skopeo"))(
    "Docker runs it, and nothing can be written",
    async () => {
      const home = join(directory, "docker");
      await mkdir(home);
      const host = `unix://${home}/s`;
      const daemon = spawn(
        "dockerd",
        [
          ...["--host", host, "--data-root", `${home}/d`, "--exec-root", `${home}/e`],
          ...["--pidfile", `${home}/p`, "--iptables=false", "--ip6tables=false", "--bridge=none"],
        ],
        { stdio: "ignore" },
      );
      const docker = (...args: string[]) => run("docker", ["--host", host, ...args]);
      try {
        for (let tries = 0; tries < 100; tries += 1) {
          if (
            await docker("version").then(
              () => true,
              () => false,
            )
          )
            break;
          await pause(200);
        }
        const archive = `${directory}/sealed.tar`;
        const target = `docker-archive:${archive}:sealed:1`;
        await run("skopeo", ["--insecure-policy", "copy", `oci:${directory}/store:sealed`, target]);
        await docker("load", "--input", archive);
        const script =
          "/bin/busybox stat -c '%a %u %n' /srv /srv/only /srv/text /srv/listed; /bin/busybox touch /tmp/x && echo tmp; for f in /srv/new /srv/only/new /srv/text /bin/new; do (echo x > $f) 2>/dev/null && echo wrote $f; done; true";
        const args = ["--rm", "--network", "none", "sealed:1", "/bin/busybox", "sh", "-c", script];
        const { stdout } = await docker("run", ...args);
        const mode = (path: string) => sealed.tree.at(path)?.mode.toString(8);
        const shown = ["/srv", "/srv/only", "/srv/text", "/srv/listed"].map(
          (path) => `${mode(path)} 0 ${path}`,
        );
        expect(stdout.trim().split("\n")).toEqual([...shown, "tmp"]);
      } finally {
        daemon.kill("SIGTERM");
        await once(daemon, "exit");
        spawnSync("sh", [
          "-c",
          `grep -o '${home}[^ ]*' /proc/self/mounts | sort -r | xargs -r umount -l`,
        ]);
      }
    },
  );

  test.skipIf(!has("buildah"))("containers-storage mounts what was sealed", async () => {
    const roots = ["--root", `${directory}/root`, "--runroot", `${directory}/run`];
    const buildah = async (...args: string[]) =>
      (await run("buildah", [...roots, "--storage-driver", "overlay", ...args])).stdout.trim();
    await run("skopeo", [
      "--insecure-policy",
      "copy",
      `oci:${directory}/store:sealed`,
      `containers-storage:[overlay@${directory}/root+${directory}/run]localhost/sealed:1`,
    ]);
    const name = await buildah("from", "--pull-never", "localhost/sealed:1");
    try {
      const mounted = await buildah("mount", name);
      expect(comparable(await treeAt(mounted))).toEqual(comparable(sealed.tree));
    } finally {
      await buildah("umount", name);
      await buildah("rm", name);
      await buildah("rmi", "--all", "--force");
    }
  });
});
