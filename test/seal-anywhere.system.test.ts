import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CallOptions, commandFile } from "./lithify.ts";
import { cannotRun, openPlace, type Place, skips } from "./place.ts";
import { buildSmall, type SealDocument } from "./small-image.ts";

const nobody = 65534;

interface Where {
  readonly umask?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly uid?: number;
}

const places: Readonly<Record<string, Where>> = {
  "another umask": { umask: "0077" },
  "another time zone and language": { env: { TZ: "Pacific/Auckland", LANG: "tr_TR.UTF-8" } },
  "one thread": { env: { UV_THREADPOOL_SIZE: "1" } },
  "many threads": { env: { UV_THREADPOOL_SIZE: "16" } },
  "another user": { uid: nobody, umask: "0002" },
};

describe.skipIf(skips("sealing anywhere", cannotRun()))("sealing", () => {
  let place: Place;
  let sealed: SealDocument;
  const archive = (name: string) => place.at(`${name}.tar`);

  beforeAll(async () => {
    place = openPlace();
    chmodSync(place.directory, 0o755);
    await buildSmall(place, "small");
    copyFileSync(place.at("context-small", "lithify.yaml"), place.at("lithify.yaml"));
    for (const name of ["small.tar", "lithify.yaml"]) {
      if (!existsSync(place.at(name))) await place.ask(["copy", "small", "oci-archive:small.tar"]);
      chmodSync(place.at(name), 0o644);
    }
    sealed = await place.ask(["seal", "small", "-t", "sealed", "--policy", "lithify.yaml"]);
  });
  afterAll(() => place.close());

  it.each(Object.entries(places))("under %s gives the same digest", async (name, where) => {
    const home = place.at(name.replaceAll(" ", "-"));
    mkdirSync(home);
    const { uid, umask = "0022" } = where;
    if (uid !== undefined) chownSync(home, uid, uid);
    const options: Partial<CallOptions> = {
      cwd: home,
      env: { ...place.env, HOME: home, ...where.env, LITHIFY_STORE: join(home, "store") },
      program: [
        ...(["/bin/sh", "-c", `umask ${umask}; exec "$0" "$@"`] as const),
        ...[process.execPath, commandFile],
      ],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    };
    const from = `oci-archive:${archive("small")}`;
    const args = ["seal", from, "-t", "sealed", "--policy", place.at("lithify.yaml")];
    const there = await place.ask<SealDocument>(args, options);
    expect(there.digest).toBe(sealed.digest);
    expect(there.statement.root).toBe(sealed.statement.root);
  });

  it("again, in the same store or elsewhere, changes nothing", async () => {
    const again = await place.ask<SealDocument>(["seal", "sealed", "-t", "again"]);
    expect(again.digest).toBe(sealed.digest);
    const blobs = () => readdirSync(join(place.store, "blobs", "sha256")).sort();
    const before = blobs();
    await place.ask<SealDocument>(["seal", "small", "-t", "other", "--policy", "lithify.yaml"]);
    expect(blobs()).toEqual(before);
  });

  it("an image whose layers conform writes configuration, manifest and statement alone", async () => {
    await place.ask(["copy", "sealed", "oci-archive:sealed.tar"]);
    const other = openPlace();
    try {
      await other.ask(["copy", `oci-archive:${archive("sealed")}`, "conforms"]);
      const sizes = () => readdirSync(join(other.store, "blobs", "sha256")).length;
      const before = sizes();
      const args = ["seal", "conforms", "-t", "sealed", "--user", "app:0"];
      const anew = await other.ask<SealDocument>([...args, "--policy", place.at("lithify.yaml")]);
      expect(anew.plan.map(({ action }) => action)).toEqual(anew.plan.map(() => "reuse"));
      expect(anew.bytesAdded).toBe(0);
      // Configuration, manifest, statement and the statement's manifest; its empty configuration was there
      expect(sizes() - before).toBe(4);
    } finally {
      await other.close();
    }
  });

  it("is stated by validate, and read back by audit", async () => {
    const valid = await place.ask<{ seals: readonly object[] }>(["validate", "sealed"]);
    expect(valid.seals).toMatchObject([
      { answer: "holds", root: sealed.statement.root, signatures: 0 },
    ]);
    const report = await place.ask<{ policy: string }>(["audit", "sealed"]);
    expect(report.policy).toBe("the image's seal");
  });
});
