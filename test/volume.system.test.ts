import { spawnSync } from "node:child_process";
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DriftDocument } from "./documents.ts";
import { commandFile, type FaultAnswer } from "./lithify.ts";
import { cannotRun, openPlace, type Place, programPath, skips } from "./place.ts";
import { buildSmall, type RunDocument, type SealDocument } from "./small-image.ts";

const knowsErofs = readFileSync("/proc/filesystems", "utf8").includes("\terofs\n");
const reason = cannotRun() || (knowsErofs ? false : "the kernel has no EROFS");

interface ExportDocument {
  readonly form: "file" | "directory";
  readonly root: string;
  readonly rootHash: string;
  readonly trees: readonly string[];
  readonly bytes: number;
  readonly hashOffset: number;
}

interface CheckDocument {
  readonly asSealed: boolean;
  readonly changes: readonly { readonly kind: string; readonly path: string }[];
  readonly damagedBlocks: readonly number[];
}

describe.skipIf(skips("read-only volumes", reason))("read-only volumes", () => {
  let place: Place;
  let file: ExportDocument;

  beforeAll(async () => {
    place = openPlace();
    await buildSmall(place, "small", { answer: "from the volume\n" });
    await buildSmall(place, "other", { answer: "from the image\n" });
    const policy = place.at("context-small", "lithify.yaml");
    await place.ask<SealDocument>(["seal", "small", "-t", "sealed", "--policy", policy]);
    await place.ask<SealDocument>(["seal", "other", "-t", "base", "--policy", policy]);
    file = await place.ask<ExportDocument>(["volume", "export", "sealed", "-o", "www.img"]);
    await place.ask<ExportDocument>(["volume", "export", "sealed", "-o", "www/"]);
  });
  afterAll(() => place.close());

  it("are the same bytes for another user's umask, time zone and store, sealed or not", async () => {
    expect(file).toMatchObject({ form: "file", trees: ["/srv/www"] });
    const other = openPlace();
    try {
      await buildSmall(other, "small", { answer: "from the volume\n" });
      const policy = other.at("context-small", "lithify.yaml");
      const args = ["volume", "export", "small", "-o", "x.img", "--policy", policy];
      const again = await other.ask<ExportDocument>(args, {
        env: { ...other.env, TZ: "Pacific/Auckland" },
        program: ["/bin/sh", "-c", 'umask 0077; exec "$0" "$@"', process.execPath, commandFile],
      });
      expect(again.rootHash).toBe(file.rootHash);
      expect(readFileSync(other.at("x.img")).equals(readFileSync(place.at("www.img")))).toBe(true);
    } finally {
      await other.close();
    }
  });

  it.each([
    ["fsck.erofs", () => ["--extract", place.at("www.img")]],
    [
      "veritysetup",
      () => [
        ...["verify", place.at("www.img"), place.at("www.img"), file.rootHash],
        `--hash-offset=${file.hashOffset}`,
      ],
    ],
  ] as const)("are accepted by %s", (name, args) => {
    const program = programPath(name);
    if (program === undefined) return void skips(`${name} reads our volume`, "not installed");
    const { status, stderr } = spawnSync(program, args(), { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, expect.not.stringMatching(/error|corrupt/i)]);
  });

  it("are checked and inspected in both forms", async () => {
    for (const [name, identity] of [
      ["www.img", file.rootHash],
      ["www", file.root],
    ] as const) {
      const check = await place.run<CheckDocument>([
        ...["volume", "check", name, "--root", identity, "--json"],
      ]);
      expect([check.exitCode, check.document.asSealed]).toEqual([0, true]);
      const shown = await place.ask<{ root: string }>(["volume", "inspect", name]);
      expect(shown.root).toBe(file.root);
    }
  });

  it.each(["www.img", "www/"])("%s lies over the image, and drift watches it", async (name) => {
    const run = await place.ask<RunDocument & { volumes: readonly object[] }>([
      ...["run", "base", "--volume", name],
    ]);
    try {
      expect(run.volumes).toMatchObject([{ target: "/srv/www", tree: "/srv/www" }]);
      const cat = await place.run(["exec", run.name, "cat", "/srv/www/index.html"]);
      expect(cat.stdout).toBe("from the volume\n");
      const clean = await place.run<DriftDocument>(["drift", run.name, "--json"]);
      expect([clean.exitCode, clean.document.drifted]).toEqual([0, false]);
      if (name === "www/") {
        appendFileSync(place.at("www", "tree/srv/www/index.html"), "more\n");
        const dirty = await place.run<DriftDocument>(["drift", run.name, "--json"]);
        expect(dirty.exitCode).toBe(1);
        const changes = dirty.document.instances[0]?.changes ?? [];
        expect(changes.filter((change) => change.class === "violation")).toMatchObject([
          { kind: "content", path: "/srv/www/index.html" },
        ]);
        writeFileSync(place.at("www", "tree/srv/www/index.html"), "from the volume\n");
      }
    } finally {
      await place.run(["stop", run.name, "--time", "0"]);
    }
  });

  /** Copies the volume, changes the copy, and says what checking and running it answer. */
  const cases: Readonly<Record<string, (path: string) => void>> = {
    "a byte of a file": (path) => flip(path, readFileSync(path).indexOf("from the volume")),
    "a byte of the hash tree": (path) => flip(path, file.hashOffset + 4096 + 5),
    "a byte of the verity superblock": (path) => flip(path, file.hashOffset + 90),
    "a truncated file": (path) => truncateSync(path, file.bytes - 4096),
    "nothing at all": (path) => truncateSync(path, 0),
  };

  it.each(Object.keys(cases))("with %s changed start nothing", async (name) => {
    writeFileSync(place.at("bad.img"), readFileSync(place.at("www.img")));
    cases[name]?.(place.at("bad.img"));
    const check = await place.run(["volume", "check", "bad.img", "--json"]);
    expect([1, 3]).toContain(check.exitCode);
    const run = await place.run<FaultAnswer>(["run", "base", "--volume", "bad.img", "--json"]);
    expect([run.exitCode, run.document.error.code]).toEqual([3, "VOLUME_INVALID"]);
  });

  it("with another root hash start nothing", async () => {
    for (const volume of ["www.img", "www"]) {
      const root = "0".repeat(64);
      const run = await place.run<FaultAnswer>([
        ...["run", "base", "--volume", `${volume}:/srv/www,root=${root}`, "--json"],
      ]);
      expect([run.exitCode, run.document.error.code]).toEqual([3, "VOLUME_INVALID"]);
      const check = await place.run<FaultAnswer>([
        ...["volume", "check", volume, "--root", root, "--json"],
      ]);
      expect([check.exitCode, check.document.error.code]).toEqual([3, "VOLUME_INVALID"]);
    }
    expect((await place.ask<{ instances: [] }>(["ps"])).instances).toEqual([]);
  });

  function flip(path: string, at: number): void {
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    writeFileSync(path, bytes);
  }
});
