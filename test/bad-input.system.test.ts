import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Answer, CallOptions, FaultAnswer } from "./lithify.ts";
import { cannotRun, mountsBelow, openPlace, type Place, programPath, skips } from "./place.ts";
import { buildSmall, type RunDocument, smallPolicy, writeSmallContext } from "./small-image.ts";
import { root } from "./sources.ts";
import { corruptBlobs, storeManifest } from "./store-manifest.ts";

interface Expected {
  readonly code: string;
  readonly exitCode: 2 | 3;
  readonly place?: { readonly file: string | RegExp; readonly line: number };
  readonly hint?: RegExp;
}

describe.skipIf(skips("bad input", cannotRun()))("bad input", () => {
  let place: Place;

  beforeAll(async () => {
    place = openPlace();
    await buildSmall(place, "small");
  });
  afterAll(() => place.close());

  /** Runs the command for people and for programs: the fault, and the store as it was. */
  async function fault(
    args: readonly string[],
    expected: Expected,
    options: Partial<CallOptions> & { readonly store?: string } = {},
  ): Promise<FaultAnswer["error"]> {
    const store = options.store ?? place.store;
    const before = storeManifest(store);
    const forPeople = await place.run(args, options);
    const forPrograms = await place.run<FaultAnswer>([...args, "--json"], options);
    expect(forPrograms.exitCode, forPrograms.stderr).toBe(expected.exitCode);
    expect(forPeople.exitCode).toBe(expected.exitCode);
    const { error } = forPrograms.document;
    expect(error).toMatchObject({ code: expected.code, what: expect.stringMatching(/\S/) });
    expect(error.hint).toMatch(expected.hint ?? /\S/);
    if (expected.place !== undefined) {
      expect(error.place?.file).toMatch(expected.place.file);
      expect(error.place?.line).toBe(expected.place.line);
      expect(forPeople.stderr).toMatch(new RegExp(`at .*:${expected.place.line}\\b`));
    }
    expect(forPeople.stdout).toBe("");
    expect(forPeople.stderr).toContain(expected.code);
    expect(forPeople.stderr).toContain(`hint: ${error.hint}`);
    for (const answer of [forPeople, forPrograms]) expectNoStack(answer);
    expect(storeManifest(store)).toEqual({ ...before, leftovers: [] });
    expect(mountsBelow(place.directory).filter((path) => path !== place.at("disk"))).toEqual([]);
    return error;
  }

  /** A build context with this Dockerfile. */
  function contextWith(name: string, dockerfile: string): string {
    const directory = writeSmallContext(place.at(name));
    writeFileSync(join(directory, "Dockerfile"), dockerfile);
    return directory;
  }

  describe("in a Dockerfile", () => {
    const cases: readonly (readonly [title: string, dockerfile: string, Expected])[] = [
      [
        "an unknown instruction",
        "FROM scratch\nCOPPY busybox /bin/busybox\n",
        { code: "DOCKERFILE_INVALID", exitCode: 2, place: { file: /Dockerfile$/, line: 2 } },
      ],
      [
        "an unknown flag",
        "FROM scratch\n\nCOPY --chwn=1 busybox /bin/busybox\n",
        { code: "DOCKERFILE_INVALID", exitCode: 2, place: { file: /Dockerfile$/, line: 3 } },
      ],
      ["nothing at all", "", { code: "DOCKERFILE_INVALID", exitCode: 2 }],
      [
        "a missing COPY source, after steps that work",
        'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "true"]\nCOPY src/nothing /srv/\n',
        { code: "COPY_SOURCE_MISSING", exitCode: 2, place: { file: /Dockerfile$/, line: 4 } },
      ],
      [
        "an unknown base image",
        "FROM nowhere.example/no/image:1\n",
        {
          code: "BASE_UNKNOWN",
          exitCode: 2,
          place: { file: /Dockerfile$/, line: 1 },
          hint: /--build-context/,
        },
      ],
      [
        "a RUN that fails",
        'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "sh", "-c", "exit 7"]\n',
        { code: "STEP_FAILED", exitCode: 3, place: { file: /Dockerfile$/, line: 3 } },
      ],
      [
        "an unknown user",
        'FROM small\nUSER nobody-has-this-name\nRUN ["true"]\n',
        { code: "IDENTITY_UNKNOWN", exitCode: 2, place: { file: /Dockerfile$/, line: 3 } },
      ],
    ];
    it.each(cases)("%s", async (title, dockerfile, expected) => {
      const context = contextWith(`bad-${title.replace(/\W+/g, "-")}`, dockerfile);
      await fault(["build", context, "--tag", "bad"], expected);
    });

    it("a mistake after steps that work: those stay as cache, no name is changed", async () => {
      const start = `FROM small\nUSER root\nRUN echo ${Math.random()} > /srv/new.txt\n`;
      const context = contextWith("late", `${start}COPY src/nothing /srv/\n`);
      const before = storeManifest(place.store);
      const answer = await place.run<FaultAnswer>(["build", context, "-t", "late", "--json"]);
      expect(answer.document.error).toMatchObject({
        code: "COPY_SOURCE_MISSING",
        place: { line: 4 },
      });
      const after = storeManifest(place.store);
      expect(after).toMatchObject({ index: before.index, leftovers: [] });
      expect(after.blobs).toEqual(expect.arrayContaining([...before.blobs]));
      expect(corruptBlobs(place.store)).toEqual([]);
      writeFileSync(join(context, "Dockerfile"), `${start}COPY www /srv/again\n`);
      const mended = await place.ask<{ cached: number }>(["build", context, "-t", "late"]);
      expect(mended.cached).toBe(1);
      await place.ask(["rm", "late"]);
    });

    it("no Dockerfile", () =>
      fault(["build", place.at(), "--tag", "bad"], { code: "DOCKERFILE_MISSING", exitCode: 2 }));
  });

  describe("in a policy", () => {
    const cases: readonly (readonly [title: string, text: string, line: number, hint: RegExp])[] = [
      ["a misspelt key", smallPolicy.replace("protect:", "protct:"), 3, /protect/],
      [
        "a misspelt key below",
        smallPolicy.replace("directories:", "directores:"),
        5,
        /directories/,
      ],
      ["a mode with group write", smallPolicy.replace('"0644"', '"0664"'), 6, /0644/],
      ["YAML that does not parse", `${smallPolicy}  - "open`, 13, /\S/],
    ];
    for (const command of ["seal", "audit", "prove"])
      it.each(cases)(`${command}: %s`, async (_title, text, line, hint) => {
        const file = place.at("bad.yaml");
        writeFileSync(file, text);
        const tag = command === "seal" ? ["--tag", "bad"] : [];
        await fault([command, "small", "--policy", file, ...tag], {
          code: "POLICY_INVALID",
          exitCode: 2,
          place: { file: /bad\.yaml$/, line },
          hint,
        });
      });

    it("a file that is not there", () =>
      fault(["audit", "small", "--policy", "none.yaml"], { code: "USAGE", exitCode: 2 }));
  });

  describe("in a gateway's configuration", () => {
    const example = join(root, "examples", "echo-gateway", "src");

    it.each(["lint", "serve"])("gateway %s: a .cfg cut in half", async (command) => {
      const cut = place.at(`cut-${command}`);
      cpSync(example, cut, { recursive: true });
      const file = join(cut, "config", "echo", "echo.cfg");
      const text = readFileSync(file, "utf8");
      writeFileSync(file, text.slice(0, text.length >> 1));
      await fault(["gateway", command, cut], {
        code: "CONFIG_TRUNCATED",
        exitCode: 2,
        place: {
          file: /echo\/echo\.cfg$/,
          line: text.slice(0, text.length >> 1).split("\n").length,
        },
        hint: /whole file/,
      });
    });

    it.each(["lint", "serve"])("gateway %s: a directory without configuration", async (command) => {
      const args = ["gateway", command, place.at()];
      await fault(args, { code: "CONFIG_MISSING", exitCode: 2 });
    });

    it("the example itself is servable", async () => {
      const lint = await place.run<{ servable: boolean }>(["gateway", "lint", example, "--json"]);
      expect(lint).toMatchObject({ exitCode: 0, document: { servable: true } });
    });
  });

  it("an image that is not there", async () => {
    for (const args of [
      ["audit", "none"],
      ["run", "none"],
      ["seal", "none", "-t", "bad"],
    ])
      await fault(args, { code: "IMAGE_UNKNOWN", exitCode: 2, hint: /lithify ls/ });
  });

  describe("a corrupt blob in the store", () => {
    interface Blob {
      readonly digest: string;
    }
    interface InspectDocument {
      readonly digest: string;
      readonly manifest: { readonly config: Blob; readonly layers: readonly Blob[] };
    }

    const parts = ["manifest", "configuration", "first layer", "last layer"] as const;
    it.each(parts)("the %s", async (part) => {
      const { digest, manifest } = await place.ask<InspectDocument>(["inspect", "small"]);
      const blob = {
        manifest: digest,
        configuration: manifest.config.digest,
        "first layer": manifest.layers[0]?.digest ?? "",
        "last layer": manifest.layers.at(-1)?.digest ?? "",
      }[part];
      const path = join(place.store, "blobs", "sha256", blob.slice("sha256:".length));
      const bytes = readFileSync(path);
      const flipped = Buffer.from(bytes);
      flipped[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
      writeFileSync(path, flipped);
      try {
        // an audit of an image that was read before needs its layers no more (the cache of trees)
        const commands = [
          ...(part.endsWith("layer") ? [] : [["audit", "small"]]),
          ["seal", "small", "--tag", "bad"],
          ["copy", "small", `oci:${place.at(`copied-${part.replace(" ", "-")}`)}`],
        ];
        for (const args of commands) {
          const error = await fault(args, { code: "DIGEST_MISMATCH", exitCode: 3 });
          expect(JSON.stringify(error)).toContain(blob);
        }
      } finally {
        writeFileSync(path, bytes);
      }
    });

    it("an unpacked copy is not taken for granted in another store", async () => {
      const { manifest } = await place.ask<InspectDocument>(["inspect", "small"]);
      const fresh = openPlace();
      try {
        await fresh.ask(["copy", `oci:${place.store}:small:latest`, "small"]);
        const name = (manifest.layers.at(-1)?.digest ?? "").slice("sha256:".length);
        const path = join(fresh.store, "blobs", "sha256", name);
        const bytes = readFileSync(path);
        bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
        chmodSync(path, 0o644);
        writeFileSync(path, bytes);
        const answer = await fresh.run<FaultAnswer>(["run", "small", "--json"]);
        expect(answer.exitCode).toBe(3);
        expect(answer.document.error.code).toBe("DIGEST_MISMATCH");
        expect(storeManifest(fresh.store).leftovers).toEqual([]);
        expect(readdirSync(join(fresh.state, "instances"))).toEqual([]);
      } finally {
        await fresh.close();
      }
    });
  });

  describe("a port in use", () => {
    it("by another program", async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      const port = typeof address === "object" ? (address?.port ?? 0) : 0;
      try {
        const publish = `${port}:8080`;
        const error = await fault(["run", "small", "--name", "web", "--publish", publish], {
          code: "PORT_IN_USE",
          exitCode: 3,
          hint: /port 0/,
        });
        expect(JSON.stringify(error)).toContain(String(port));
        expectNoInstances(place);
      } finally {
        await new Promise((resolve) => server.close(resolve));
      }
    });

    it("by another instance, which goes on", async () => {
      const first = await place.ask<RunDocument>(["run", "small", "-n", "first", "-p", "0:8080"]);
      const port = first.published[0]?.hostPort ?? 0;
      const args = ["run", "small", "--name", "second", "--publish", `${port}:8080`];
      const second = await place.run<FaultAnswer>([...args, "--json"]);
      expect(second.exitCode).toBe(3);
      expect(second.document.error.code).toBe("PORT_IN_USE");
      expect((await fetch(`http://127.0.0.1:${port}/www/index.html`)).status).toBe(200);
      const taken = await place.run<FaultAnswer>(["run", "small", "--name", "first", "--json"]);
      expect(taken.document.error.code).toBe("NAME_IN_USE");
      expect(taken.exitCode).toBe(2);
      await place.ask(["stop", "first"]);
      expectNoInstances(place);
    });
  });

  describe("without root", () => {
    const nobody = 65_534;

    it("the engine and the sandbox say so", async () => {
      chmodSync(place.directory, 0o755);
      const own = place.at("of-nobody");
      mkdirSync(own);
      chownSync(own, nobody, nobody);
      const context = contextWith("with-run", 'FROM scratch\nRUN ["/busybox"]\n');
      const store = join(own, "store");
      const env = { ...place.env, LITHIFY_STORE: store, LITHIFY_STATE: join(own, "state") };
      const options = { env, cwd: own, uid: nobody, gid: nobody, store };
      await fault(["build", context, "-t", "x"], notRoot, options);
      await fault(["ps"], notRoot, options);
      expect(statSync(store).uid).toBe(nobody);
    });

    it("a store of another user is not touched", async () => {
      await fault(
        ["rm", "small"],
        { code: "STORE_UNREADABLE", exitCode: 3 },
        { uid: nobody, gid: nobody, cwd: "/" },
      );
    });

    const notRoot: Expected = { code: "NOT_ROOT", exitCode: 3, hint: /sudo/ };
  });

  it("without a runtime: the package is named", async () => {
    const bin = place.at("bin");
    mkdirSync(bin);
    for (const name of ["ip", "tar", "mount", "umount", "mkfifo", "sh"]) {
      const path = programPath(name);
      if (path !== undefined) symlinkSync(path, join(bin, name));
    }
    const env = { ...place.env, PATH: bin };
    const expected: Expected = {
      code: "RUNTIME_MISSING",
      exitCode: 3,
      hint: /apt-get install runc/,
    };
    const context = contextWith("no-runtime", "FROM small\nRUN echo other > /tmp/other\n");
    await fault(["run", "small"], expected, { env });
    await fault(["build", context, "--tag", "bad"], expected, { env });
    await fault(["prove", "small"], expected, { env });
  });

  describe("on a full disk", () => {
    let disk: string;
    let store: string;
    let env: NodeJS.ProcessEnv;

    beforeAll(async () => {
      disk = place.at("disk");
      store = join(disk, "store");
      env = { ...place.env, LITHIFY_STORE: store, LITHIFY_STATE: join(disk, "state") };
      mkdirSync(disk);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", disk]);
      await place.ask(["build", place.at("context-small"), "--tag", "small"], { env });
    });
    afterAll(() => {
      execFileSync("umount", [disk]);
    });

    it("COPY of something larger", async () => {
      const context = contextWith("large", "FROM small\nCOPY large /srv/large\n");
      writeFileSync(join(context, "large"), randomBytes(9_000_000));
      const expected: Expected = { code: "STORE_FULL", exitCode: 3, hint: /space/ };
      await fault(["build", context, "--tag", "bad"], expected, { env, store });
    });

    it("a RUN that writes something larger", async () => {
      const dockerfile = "FROM small\nUSER root\nRUN head -c 9000000 /dev/urandom > /srv/large\n";
      const context = contextWith("large-run", dockerfile);
      const before = storeManifest(store);
      const answer = await place.run<FaultAnswer>(["build", context, "-t", "bad", "--json"], {
        env,
      });
      expect(answer.exitCode).toBe(3);
      expect(["STEP_FAILED", "STORE_FULL"]).toContain(answer.document.error.code);
      expect(storeManifest(store)).toEqual(before);
    });

    it("a seal", async () => {
      const filler = join(disk, "filler");
      fill(filler);
      try {
        const args = [
          "seal",
          "small",
          "-t",
          "bad",
          "--policy",
          place.at("context-small/lithify.yaml"),
        ];
        await fault(args, { code: "STORE_FULL", exitCode: 3 }, { env, store });
      } finally {
        writeFileSync(filler, "");
      }
    });

    it("a run", async () => {
      const filler = join(disk, "filler");
      fill(filler);
      try {
        await fault(["run", "small"], { code: "DISK_FULL", exitCode: 3 }, { env, store });
        const instances = join(disk, "state", "instances");
        expect(existsSync(instances) ? readdirSync(instances) : []).toEqual([]);
      } finally {
        writeFileSync(filler, "");
      }
    });

    it("works again once there is space", async () => {
      const policy = place.at("context-small/lithify.yaml");
      await place.ask(["seal", "small", "-t", "small:sealed", "--policy", policy], { env });
      expect((await place.run(["audit", "small:sealed"], { env })).exitCode).toBe(0);
    });
  });
});

/** Writes until nothing more fits. */
function fill(path: string): void {
  try {
    for (let size = 1 << 20; ; ) writeFileSync(path, Buffer.alloc(size), { flag: "a" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}

function expectNoStack({ stdout, stderr }: Answer): void {
  for (const text of [stdout, stderr])
    expect(text).not.toMatch(/node:internal|file:\/\/|\bat (?:async )?[\w.<>]+ \(/);
}

function expectNoInstances(place: Place): void {
  const directory = join(place.state, "instances");
  expect(existsSync(directory) ? readdirSync(directory) : []).toEqual([]);
  expect(mountsBelow(place.directory)).toEqual([]);
}
