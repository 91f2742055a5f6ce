import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect } from "vitest";
import type { Image } from "../src/image/image.ts";
import type { Keychain } from "../src/registry/keychain.ts";
import { dockerKeychain } from "../src/registry/keychain.ts";
import { openStore } from "../src/store/layout-store.ts";
import type { Store } from "../src/store/store.ts";
import { type CopyOptions, copyBetween } from "../src/transport/copy.ts";
import {
  openImageSink,
  openImageSource,
  type TransportOptions,
} from "../src/transport/transport.ts";
import { validateSource } from "../src/transport/validate.ts";
import { archiveOf, fileOf, inPieces } from "./archives.ts";
import { faultCodeOf } from "./expectations.ts";
import { hasProgram, isRoot, run, testUnless } from "./programs.ts";
import { type RegistryPeer, startRegistryPeer } from "./registry-peer.ts";

const missing = ["docker-registry", "skopeo", "openssl"].find((name) => !hasProgram(name));
const noPeers = missing === undefined ? undefined : `no ${missing}`;
const noDaemon =
  noPeers ??
  (isRoot ? undefined : "not root") ??
  (hasProgram("dockerd") ? undefined : "no dockerd");
const keychain: Keychain = {
  credentials: async () => ({ by: "password", username: "u", password: "pw" }),
};
let directory: string;
let own: Store;
let image: Image;
let peer: RegistryPeer;
let options: TransportOptions;

beforeAll(async () => {
  if (noPeers !== undefined) return;
  directory = await mkdtemp(join(tmpdir(), "lithify-peers-"));
  own = await openStore(join(directory, "store"));
  const layers = [];
  for (const name of ["a", "b"]) {
    const content = name.repeat(300_000);
    layers.push(await own.writeLayer(inPieces(await archiveOf([fileOf(name, content)]))));
  }
  image = await own.writeImage({ config: { os: "linux", architecture: "amd64" }, layers });
  await own.tag("web:1", image);
  const statement = { artifactType: "application/x-test", mediaType: "application/json" };
  await own.attach(image, { ...statement, bytes: Buffer.from('{"a":1}') });
  peer = await startRegistryPeer(directory);
  options = { own, ca: peer.ca, keychain, limits: { attempts: 3, backoff: 5, chunk: 500 } };
});

afterAll(async () => {
  await peer?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

async function copy(from: string, to: string, more: CopyOptions = {}, how = options) {
  const source = await openImageSource(from, how);
  try {
    const sink = await openImageSink(to, how);
    try {
      return await copyBetween(source, sink, more);
    } finally {
      if (sink.kind === "blobs") await sink.close();
    }
  } finally {
    await source.close();
  }
}

async function digestAt(name: string): Promise<string> {
  const source = await openImageSource(name, options);
  await source.close();
  return source.root.digest;
}

const skopeo = (...args: readonly string[]) =>
  run("skopeo", ["--insecure-policy", "copy", "--preserve-digests", ...args]);

describe("the distribution's registry, over TLS with authentication", () => {
  testUnless(
    noPeers,
    "takes an image in chunks with what is attached, mounts, and gives it back",
    async () => {
      const to = `docker://${peer.host}/team/web:1`;
      const first = await copy("web:1", to);
      expect(first).toMatchObject({ digest: image.digest, blobs: { present: 0 }, referrers: 1 });
      expect((await copy("web:1", to)).blobs.copied).toBe(0);
      const mounted = await copy(to, `docker://${peer.host}/other/web:2`);
      expect(mounted.blobs.mounted).toBeGreaterThan(0);
      const back = await openStore(join(directory, "back"));
      await copy(`docker://${peer.host}/other/web:2`, `oci:${back.directory}:x`);
      const got = await back.image("x");
      expect(got.digest).toBe(image.digest);
      expect(await back.attached(got, "application/x-test")).toHaveLength(1);
      const source = await openImageSource(`oci:${back.directory}:x`, options);
      expect(await validateSource(source)).toMatchObject({ layers: 2, manifests: 2 });
    },
  );

  testUnless(
    noPeers,
    "refuses who has no password, or another; TLS of nobody is refused",
    async () => {
      const from = `docker://${peer.host}/team/web:1`;
      for (const password of ["", "other"]) {
        const other: Keychain = {
          credentials: async () => ({ by: "password", username: "u", password }),
        };
        const how = { ...options, keychain: other };
        expect(await faultCodeOf(() => openImageSource(from, how))).toBe("REGISTRY_DENIED");
      }
      const { ca: _, ...untrusting } = options;
      expect(await faultCodeOf(() => openImageSource(from, untrusting))).toBe(
        "REGISTRY_UNREACHABLE",
      );
      const how = { ...options, insecure: true };
      const far = "docker://registry.example/web";
      expect(await faultCodeOf(() => openImageSource(far, how))).toBe("REGISTRY_INSECURE");
    },
  );

  testUnless(noPeers, "is asked with what docker login and a credential helper left", async () => {
    const home = join(directory, "docker");
    await mkdir(home);
    const auth = Buffer.from("u:pw").toString("base64");
    const write = (value: object) => writeFile(join(home, "config.json"), JSON.stringify(value));
    const env = { DOCKER_CONFIG: home, PATH: `${home}:${process.env.PATH}` };
    const helper = '#!/bin/sh\necho \'{"ServerURL":"x","Username":"u","Secret":"pw"}\'\n';
    await writeFile(join(home, "docker-credential-test"), helper, { mode: 0o755 });
    for (const config of [{ auths: { [peer.host]: { auth } } }, { credsStore: "test" }]) {
      await write(config);
      const how = { ...options, keychain: dockerKeychain(env) };
      const source = await openImageSource(`docker://${peer.host}/team/web:1`, how);
      expect(source.root.digest).toBe(image.digest);
      await source.close();
    }
    await writeFile(join(home, "config.json"), "{");
    const how = { ...options, keychain: dockerKeychain(env) };
    const from = `docker://${peer.host}/team/web:1`;
    expect(await faultCodeOf(() => openImageSource(from, how))).toBe("CREDENTIALS_INVALID");
  });

  testUnless(noPeers, "skopeo reads what we wrote there, we what skopeo wrote", async () => {
    const creds = ["--src-creds", "u:pw", "--src-cert-dir", peer.certificates];
    const layout = `oci:${join(directory, "skopeo")}:1`;
    await skopeo(...creds, `docker://${peer.host}/team/web:1`, layout);
    expect(await digestAt(layout)).toBe(image.digest);
    const there = `docker://${peer.host}/by/skopeo:1`;
    await skopeo("--dest-creds", "u:pw", "--dest-cert-dir", peer.certificates, layout, there);
    expect(await digestAt(there)).toBe(image.digest);
  });
});

describe("archives", () => {
  testUnless(noPeers, "of OCI form pass between us and skopeo with their digest", async () => {
    const [ours, theirs] = [join(directory, "ours.tar"), join(directory, "theirs.tar")];
    expect((await copy("web:1", `oci-archive:${ours}:1`)).referrers).toBe(1);
    await skopeo(`oci-archive:${ours}:1`, `oci-archive:${theirs}:1`);
    expect(await digestAt(`oci-archive:${theirs}:1`)).toBe(image.digest);
    const back = await copy(`oci-archive:${ours}`, "back:1");
    expect(back).toMatchObject({ digest: image.digest, referrers: 1 });
  });

  testUnless(noPeers, "of Docker form keep the configuration, by skopeo and by us", async () => {
    const [ours, theirs] = [join(directory, "d1.tar"), join(directory, "d2.tar")];
    await copy("web:1", `docker-archive:${ours}:web:1`);
    await run("skopeo", [
      "--insecure-policy",
      "copy",
      `docker-archive:${ours}`,
      `docker-archive:${theirs}:web:1`,
    ]);
    for (const file of [ours, theirs]) {
      await copy(`docker-archive:${file}:web:1`, "from-docker:1");
      const got = await own.image("from-docker:1");
      expect(got.manifest.config.digest).toBe(image.manifest.config.digest);
      expect(await validateSource(await openImageSource("from-docker:1", options))).toMatchObject({
        layers: 2,
      });
    }
    await writeFile(ours, "no archive");
    expect(await faultCodeOf(() => openImageSource(`docker-archive:${ours}`, options))).toBe(
      "IMAGE_ARCHIVE_INVALID",
    );
  });
});

testUnless(
  noDaemon,
  "a Docker engine takes our image and gives it back, its id the same",
  async () => {
    const work = await mkdtemp(join(tmpdir(), "lithify-dk-"));
    const host = `unix://${join(work, "s")}`;
    const daemon = spawn(
      "dockerd",
      [
        ...["--host", host, "--data-root", join(work, "d"), "--exec-root", join(work, "e")],
        ...["--pidfile", join(work, "p"), "--iptables=false", "--ip6tables=false", "--bridge=none"],
      ],
      { stdio: "ignore" },
    );
    try {
      const how = { ...options, env: { DOCKER_HOST: host } };
      let code: string | undefined = "DAEMON_UNREACHABLE";
      for (let tries = 0; tries < 200 && code === "DAEMON_UNREACHABLE"; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 100));
        code = await faultCodeOf(() => copy("web:1", "docker-daemon:web:1", {}, how));
      }
      expect(code).toBeUndefined();
      const { stdout } = await run("docker", ["--host", host, "image", "inspect", "web:1"]);
      expect(JSON.parse(stdout)[0].Id).toBe(image.manifest.config.digest);
      await copy("docker-daemon:web:1", "from-engine:1", {}, how);
      const got = await own.image("from-engine:1");
      expect(got.manifest.config.digest).toBe(image.manifest.config.digest);
      const none = () => openImageSource("docker-daemon:none:1", how);
      expect(await faultCodeOf(none)).toBe("IMAGE_UNKNOWN");
    } finally {
      const ended = new Promise((resolve) => daemon.once("close", resolve));
      daemon.kill("SIGTERM");
      await ended;
      await rm(work, { recursive: true, force: true });
    }
  },
);
