import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, expect } from "vitest";
import type { Image } from "../src/image/image.ts";
import type { Keychain } from "../src/registry/keychain.ts";
import { openStore } from "../src/store/layout-store.ts";
import type { Store } from "../src/store/store.ts";
import { copyBetween } from "../src/transport/copy.ts";
import {
  openImageAt,
  openImageSink,
  openImageSource,
  type TransportOptions,
} from "../src/transport/transport.ts";
import { validateSource } from "../src/transport/validate.ts";
import { diffTrees } from "../src/tree/diff.ts";
import { replayLayers } from "../src/tree/replay.ts";
import { archiveOf, entryOf, fileOf, inPieces } from "./archives.ts";
import { hasProgram, isRoot, run, testUnless } from "./programs.ts";
import { type RegistryPeer, startRegistryPeer } from "./registry-peer.ts";

const lacking = (names: readonly string[]) => {
  if (!isRoot) return "not root";
  const name = names.find((each) => !hasProgram(each));
  return name === undefined ? undefined : `no ${name}`;
};
const noDocker = lacking(["docker", "dockerd", "docker-registry", "openssl"]);
const noUmoci = lacking(["umoci"]);
const keychain: Keychain = {
  credentials: async () => ({ by: "password", username: "u", password: "pw" }),
};
let directory: string;
let own: Store;
let image: Image;
let options: TransportOptions;

/** More than one frame of gzip and of zstd; and what engines treat in their own ways. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "lithify-interop-"));
  own = await openStore(join(directory, "store"));
  const large = Array.from({ length: 300_000 }, (_, line) => `line ${line}`).join("\n");
  const lower = [
    { entry: entryOf("d", "directory", { mode: 0o2755 }) },
    fileOf("d/large", large, { mode: 0o640, uid: 7, gid: 8 }),
    { entry: entryOf("d/link", "symlink", { target: "large", mode: 0o777 }) },
    { entry: entryOf("d/same", "hardlink", { target: "d/large", mode: 0o640, uid: 7, gid: 8 }) },
    fileOf("gone", "gone"),
  ];
  const layers = [];
  for (const inputs of [lower, [fileOf(".wh.gone", ""), fileOf("new", "new")]])
    layers.push(await own.writeLayer(inPieces(await archiveOf(inputs))));
  const config = { os: "linux", architecture: "amd64", config: { Cmd: ["/d/large"] } };
  image = await own.writeImage({ config, layers });
  await own.tag("web:1", image);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function copy(from: string, to: string): Promise<string> {
  const source = await openImageSource(from, options);
  const sink = await openImageSink(to, options);
  try {
    return (await copyBetween(source, sink)).digest;
  } finally {
    if (sink.kind === "blobs") await sink.close();
    await source.close();
  }
}

async function expectSame(ref: string): Promise<Image> {
  const source = await openImageSource(ref, options);
  try {
    expect((await validateSource(source)).layers).toBe(image.layers.length);
  } finally {
    await source.close();
  }
  const found = (await openImageAt(ref, own, options)).image;
  expect(found.layers.map(({ diffId }) => diffId)).toEqual(image.config.rootfs.diff_ids);
  expect(diffTrees(await replayLayers(image.layers), await replayLayers(found.layers))).toEqual([]);
  return found;
}

testUnless(
  noDocker,
  "Docker pulls by our digest from a registry with TLS and authentication, and what it pushes and saves we read",
  async () => {
    const peer = await startRegistryPeer(directory);
    options = { own, ca: peer.ca, keychain };
    const work = join(directory, "dk");
    await mkdir(work);
    const host = `unix://${work}/s`;
    const daemon = spawn(
      "dockerd",
      [
        ...["--host", host, "--data-root", `${work}/d`, "--exec-root", `${work}/e`],
        ...["--pidfile", `${work}/p`, "--iptables=false", "--ip6tables=false", "--bridge=none"],
      ],
      { stdio: "ignore" },
    );
    const docker = (...args: readonly string[]) =>
      run("docker", ["--config", `${work}/config`, "--host", host, ...args]);
    try {
      for (let tries = 0; tries < 150 && !(await answers(docker)); tries += 1) await pause(200);
      await expectPulls(docker, peer, work);
    } finally {
      const ended = new Promise((resolve) => daemon.once("close", resolve));
      daemon.kill("SIGTERM");
      await ended;
      await peer.stop();
    }
  },
);

async function expectPulls(
  docker: (...args: readonly string[]) => ReturnType<typeof run>,
  peer: RegistryPeer,
  work: string,
): Promise<void> {
  const auth = Buffer.from("u:pw").toString("base64");
  await mkdir(`${work}/config`);
  await writeFile(
    `${work}/config/config.json`,
    JSON.stringify({ auths: { [peer.host]: { auth } } }),
  );
  expect(await copy("web:1", `docker://${peer.host}/ours:1`)).toBe(image.digest);
  await docker("pull", `${peer.host}/ours@${image.digest}`);
  await docker("pull", `${peer.host}/ours:1`);
  const inspected = await docker("image", "inspect", `${peer.host}/ours:1`);
  const [about] = JSON.parse(String(inspected.stdout));
  expect(about.Id).toBe(image.manifest.config.digest);
  expect(about.RepoDigests).toContain(`${peer.host}/ours@${image.digest}`);
  await docker("tag", `${peer.host}/ours:1`, `${peer.host}/theirs:1`);
  const pushed = String((await docker("push", `${peer.host}/theirs:1`)).stdout);
  const theirs = await expectSame(`docker://${peer.host}/theirs:1`);
  expect(pushed).toContain(theirs.digest);
  expect(theirs.manifest.config.digest).toBe(image.manifest.config.digest);
  const archive = join(work, "saved.tar");
  await docker("save", "--output", archive, `${peer.host}/theirs:1`);
  const saved = await expectSame(`docker-archive:${archive}`);
  expect(saved.manifest.config.digest).toBe(image.manifest.config.digest);
}

async function answers(docker: (...args: readonly string[]) => Promise<unknown>): Promise<boolean> {
  return docker("version").then(
    () => true,
    () => false,
  );
}

testUnless(
  noUmoci,
  "umoci keeps our digests, and what it writes we read with its digest",
  async () => {
    options = { own };
    const layout = join(directory, "umoci");
    await copy("web:1", `oci:${layout}:1`);
    await run("umoci", ["tag", "--image", `${layout}:1`, "2"]);
    expect((await expectSame(`oci:${layout}:2`)).digest).toBe(image.digest);
    const added = join(directory, "added");
    await writeFile(added, "by umoci", { mode: 0o600 });
    await run("umoci", ["insert", "--image", `${layout}:2`, "--tag", "3", added, "/d/added"]);
    const index = JSON.parse(await readFile(join(layout, "index.json"), "utf8")) as {
      manifests: { digest: string; annotations?: Record<string, string> }[];
    };
    const named = index.manifests.find(
      ({ annotations }) => annotations?.["org.opencontainers.image.ref.name"] === "3",
    );
    const { image: theirs } = await openImageAt(`oci:${layout}:3`, own, options);
    expect(theirs.digest).toBe(named?.digest);
    expect(theirs.layers.slice(0, 2).map(({ digest }) => digest)).toEqual(
      image.layers.map(({ digest }) => digest),
    );
    const rows = diffTrees(await replayLayers(image.layers), await replayLayers(theirs.layers));
    expect(rows).toMatchObject([{ path: "/d/added", kind: "added" }]);
    await cp(layout, join(directory, "elsewhere"), { recursive: true });
    expect(await copy(`oci:${directory}/elsewhere:3`, "from-umoci:3")).toBe(theirs.digest);
  },
);
