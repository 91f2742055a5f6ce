import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Image, openStore, readFileOf, replayLayers, type Store } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { assembleGatewayBase } from "../src/index.ts";

const missing = reasonToSkip();
if (missing !== undefined) process.stderr.write(`base image: skipped, ${missing}\n`);

function reasonToSkip(): string | undefined {
  if (process.platform !== "linux") return "this is not Linux";
  for (const program of ["apt-get", "dpkg-deb", "tar", "chroot"])
    try {
      execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    } catch {
      return `${program} is not installed`;
    }
  return undefined;
}

const asRoot = process.getuid?.() === 0;
if (!asRoot) process.stderr.write("base image: not root, so nothing of it is started\n");

const changeRoot = "chroot";
const packages = join(import.meta.dirname, "..", "..");

describe.skipIf(missing !== undefined)("the gateway's base image", () => {
  let work: string;
  let store: Store;
  let gatewayDirectory: string;
  let image: Image;

  const assemble = (progress: string[] = []) =>
    assembleGatewayBase({
      ...{ store, gatewayDirectory, faultDirectory: join(packages, "fault") },
      nodeBinary: process.execPath,
      progress: (line) => progress.push(line),
    });

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "lithify-base-"));
    store = await openStore(join(work, "store"));
    // A stand-in for the gateway's entry, so that this test depends on the image alone.
    gatewayDirectory = join(work, "gateway");
    await mkdir(join(gatewayDirectory, "src"), { recursive: true });
    const needs = { dependencies: { "@lithify/fault": "*", library: "*" } };
    await writeFile(
      join(gatewayDirectory, "package.json"),
      JSON.stringify({ type: "module", ...needs }),
    );
    await mkdir(join(gatewayDirectory, "node_modules", "library"), { recursive: true });
    for (const [name, text] of Object.entries({
      "package.json": '{"name":"library","main":"it.js"}',
      "it.js": 'module.exports = "a library";',
    }))
      await writeFile(join(gatewayDirectory, "node_modules", "library", name), text);
    await writeFile(
      join(gatewayDirectory, "src", "main.ts"),
      'import { Fault } from "@lithify/fault";\nimport library from "library";\nconst words: string[] = process.argv.slice(2);\n' +
        'console.log(JSON.stringify([words, process.getuid?.(), new Fault("USAGE", "x").code, library]));\n',
    );
    image = await assemble();
  });

  afterAll(async () => {
    await rm(work, { recursive: true, force: true });
  });

  test("has three layers, its user, its entry, and no time of this day", async () => {
    expect(image.layers.length).toBe(3);
    expect(image.config.config).toMatchObject({ User: "drouter", Entrypoint: ["/bin/drouter"] });
    const times = new Set([...(await replayLayers(image.layers))].map(({ mtime }) => mtime));
    expect([...times]).toEqual([0]);
  });

  test("has both layouts, the shell and the certificates, and nobody but root may write the programs", async () => {
    const tree = await replayLayers(image.layers, { digests: false });
    const reach = (path: string) => {
      const found = tree.resolve(path);
      return found.answer === "reached" ? found.node.path : found.answer;
    };
    const home = "/opt/ibm/datapower";
    expect(reach("/drouter/config")).toBe(`${home}/drouter/config`);
    expect(reach("/drouter/local")).toBe(`${home}/drouter/local`);
    expect(reach("/drouter/temporary")).toBe(`${home}/drouter/temporary`);
    expect(reach("/drouter/secure/usrcerts")).toBe(`${home}/root/secure/usrcerts`);
    expect(reach("/root/secure/sharedcerts")).toBe(`${home}/root/secure/sharedcerts`);
    expect(reach(`${home}/root/drouter`)).toBe(reach("/bin/drouter"));
    expect(reach("/bin/sh")).toBe(reach("/bin/busybox"));
    const bundle = (await readFileOf(image, "/etc/ssl/certs/ca-certificates.crt"))?.toString();
    expect(bundle?.match(/-----BEGIN CERTIFICATE-----\n/g)?.length).toBeGreaterThan(50);
    expect(bundle).toMatch(/-----END CERTIFICATE-----\n$/);
    const writable = [...tree].filter(
      ({ path, type, mode, uid }) => type === "file" && (uid !== 0 || (mode & 0o022) !== 0) && path,
    );
    expect(writable.map(({ path }) => path)).toEqual([]);
  });

  test("comes from what is there the second time, and is the same in another store", async () => {
    const progress: string[] = [];
    expect((await assemble(progress)).digest).toBe(image.digest);
    expect(progress).toEqual([]);
    const first = store;
    store = await openStore(join(work, "other"));
    await cp(first.cacheDirectory("packages"), store.cacheDirectory("packages"), {
      recursive: true,
    });
    try {
      expect((await assemble()).digest).toBe(image.digest);
    } finally {
      store = first;
    }
  });

  test("changes its last layer only when the gateway changes", async () => {
    const main = join(gatewayDirectory, "src", "main.ts");
    const text = await readFile(main, "utf8");
    await writeFile(main, `${text}console.error("more");\n`);
    const changed = await assemble();
    await writeFile(main, text);
    const same = changed.layers.map(({ digest }, index) => digest === image.layers[index]?.digest);
    expect(same).toEqual([true, true, false]);
  });

  test("names the client that is missing, and the program that would not start", async () => {
    const path = process.env.PATH;
    process.env.PATH = join(work, "nothing");
    try {
      const empty = await openStore(join(work, "empty"));
      const options = { gatewayDirectory, faultDirectory: join(packages, "fault") };
      await expect(
        assembleGatewayBase({ store: empty, ...options, nodeBinary: process.execPath }),
      ).rejects.toMatchObject({ code: "PACKAGE_CLIENT_MISSING", what: "apt-get" });
    } finally {
      process.env.PATH = path;
    }
    await expect(
      assembleGatewayBase({
        ...{ store, gatewayDirectory, faultDirectory: join(packages, "fault") },
        nodeBinary: join(gatewayDirectory, "package.json"),
      }),
    ).rejects.toMatchObject({ code: "BASE_INCOMPLETE" });
    const empty = join(work, "no-gateway");
    await mkdir(empty);
    await expect(
      assembleGatewayBase({
        ...{ store, gatewayDirectory: empty, faultDirectory: join(packages, "fault") },
        nodeBinary: process.execPath,
      }),
    ).rejects.toMatchObject({ code: "BASE_INCOMPLETE" });
  });

  test("repeats what apt says when a package cannot be had", async () => {
    const programs = join(work, "programs");
    await mkdir(programs);
    const script = "#!/bin/sh\necho 'E: Unable to locate package libc6' >&2\nexit 100\n";
    await writeFile(join(programs, "apt-get"), script, { mode: 0o755 });
    const path = process.env.PATH;
    process.env.PATH = `${programs}:${path}`;
    try {
      const empty = await openStore(join(work, "offline"));
      await expect(
        assembleGatewayBase({
          ...{ store: empty, gatewayDirectory, faultDirectory: join(packages, "fault") },
          nodeBinary: process.execPath,
        }),
      ).rejects.toMatchObject({
        code: "PACKAGE_UNAVAILABLE",
        why: "E: Unable to locate package libc6",
      });
      expect(await empty.list()).toEqual([]);
    } finally {
      process.env.PATH = path;
    }
  });

  describe.skipIf(!asRoot)("unpacked", () => {
    let root: string;

    beforeAll(async () => {
      root = join(work, "root");
      await mkdir(root);
      for (const layer of image.layers) {
        const tar = spawn("tar", ["-x", "-p", "--same-owner", "-C", root], {
          stdio: ["pipe", "ignore", "inherit"],
        });
        const ended = once(tar, "close");
        await pipeline(Readable.from(layer.uncompressed()), tar.stdin);
        expect((await ended)[0]).toBe(0);
      }
    });

    const inside = (user: string, ...command: string[]) =>
      execFileSync(changeRoot, [`--userspec=${user}`, root, ...command], {
        encoding: "utf8",
      }).trim();

    test("starts the gateway as its user, by both entries and with any uid", () => {
      for (const entry of ["/bin/drouter", "/opt/ibm/datapower/root/drouter"])
        for (const uid of [101, 54321])
          expect(JSON.parse(inside(`${uid}:0`, entry, "a", "b c"))).toEqual([
            ["a", "b c"],
            uid,
            "USAGE",
            "a library",
          ]);
    });

    test("has every applet that it links", () => {
      const known = inside("0:0", "/bin/busybox", "--list").split("\n");
      const linked = inside("0:0", "/bin/find", "/bin", "-type", "l").split("\n");
      const unknown = linked
        .map((path) => path.slice("/bin/".length))
        .filter((n) => !known.includes(n));
      expect(unknown).toEqual([]);
    });

    test("set-user gives the temporary directories away, twice to the same effect, and knows its users", async () => {
      const owners = () =>
        inside(
          "0:0",
          "/bin/sh",
          "-c",
          "cd /drouter && stat -c '%n %U %a' config local temporary logtemp",
        );
      const before = owners();
      inside("0:0", "/usr/local/bin/set-user", "drouter");
      expect(owners()).toBe(before);
      inside("0:0", "/usr/local/bin/set-user", "nobody");
      inside("0:0", "/usr/local/bin/set-user", "nobody");
      expect(owners()).toBe(before.replaceAll("drouter", "nobody"));
      expect(() => inside("0:0", "/usr/local/bin/set-user", "stranger")).toThrow(
        /no user stranger/,
      );
      expect((await readdir(join(root, "drouter"))).sort()).toContain("secure");
    });
  });
});
