import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FaultAnswer } from "./lithify.ts";
import { cannotRun, openPlace, type Place, skips } from "./place.ts";
import { smallPolicy } from "./small-image.ts";
import { corruptBlobs, storeManifest } from "./store-manifest.ts";

const policy = smallPolicy.replace('identities:\n  - app\n  - "app:0"\n', "identities:\n");

/** What a command writes besides the store, and how it is told to be whole; `$` is a name that is new each time. */
interface Case {
  readonly args: readonly string[];
  /** Of the command that says whether what it left is whole: it must not be there, or be accepted. */
  readonly left?: readonly [path: string, ...check: string[]];
}

const cases: Readonly<Record<string, Case>> = {
  build: { args: ["build", "context", "--no-cache", "-t", "built"] },
  seal: { args: ["seal", "large", "-t", "sealed", "--policy", "lithify.yaml"] },
  "copy into the store": { args: ["copy", "oci:source:other", "copied"] },
  "copy to an archive": {
    args: ["copy", "large", "oci-archive:$/copy.tar:large"],
    left: ["$/copy.tar", "validate", "oci-archive:$/copy.tar:large"],
  },
  "copy to a docker archive": {
    args: ["copy", "large", "docker-archive:$/docker.tar"],
    left: ["$/docker.tar", "validate", "docker-archive:$/docker.tar"],
  },
  "volume export to a file": {
    args: ["volume", "export", "large", "-o", "$/v.img", "--path", "/srv"],
    left: ["$/v.img", "volume", "check", "$/v.img"],
  },
  "volume export to a directory": {
    args: ["volume", "export", "large", "-o", "$/v/", "--path", "/srv"],
    left: ["$/v", "volume", "check", "$/v"],
  },
};

describe.skipIf(skips("commands killed or without room", cannotRun()))(
  "commands killed or without room",
  () => {
    let place: Place;

    beforeAll(async () => {
      place = openPlace();
      const context = place.at("context");
      mkdirSync(join(context, "www"), { recursive: true });
      for (let number = 0; number < 60; number += 1) {
        const content = Buffer.concat([randomBytes(40_000), Buffer.alloc(60_000, `${number} `)]);
        const file = join(context, "www", `file-${number}`);
        writeFileSync(file, content);
        chmodSync(file, 0o664); // whatever the umask is
      }
      writeFileSync(join(context, "Dockerfile"), "FROM scratch\nCOPY www /srv/www\nUSER 1000\n");
      writeFileSync(place.at("lithify.yaml"), policy);
      await place.ask(["build", "context", "-t", "large"]);
      writeFileSync(join(context, "www", "file-0"), randomBytes(3_000_000), { mode: 0o664 });
      await place.ask(["build", "context", "-t", "other"]);
      await place.ask(["copy", "other", "oci:source:other"]);
      await place.ask(["rm", "other"]);
      rmSync(join(place.store, "cache"), { recursive: true, force: true });
      await place.ask(["gc", "--age", "0"]);
    });
    afterAll(() => place.close());

    /** A copy of the store, so that no case finds what another one made; volumes and archives go beside it. */
    function openRoom(name: string): { readonly at: string; readonly env: NodeJS.ProcessEnv } {
      const at = place.at(name);
      mkdirSync(at);
      execFileSync("cp", ["-a", place.store, join(at, "store")]);
      rmSync(join(at, "store", "cache"), { recursive: true, force: true });
      return { at, env: { ...place.env, LITHIFY_STORE: join(at, "store") } };
    }

    async function expectSound(room: ReturnType<typeof openRoom>, { left }: Case): Promise<void> {
      const { at, env } = room;
      const store = join(at, "store");
      expect(corruptBlobs(store)).toEqual([]);
      const { images } = await place.ask<{ images: { ref: string }[] }>(["ls"], { env });
      for (const { ref } of images)
        expect([ref, (await place.run(["validate", ref], { env })).exitCode]).toEqual([ref, 0]);
      if (left === undefined) return;
      const [path = "", ...check] = left.map((word) => word.replaceAll("$", at));
      if (!existsSync(path)) return;
      expect((await place.run(check, { env })).exitCode).toBe(0);
    }

    function argsIn(at: string, { args }: Case): readonly string[] {
      return args.map((word) => word.replaceAll("$", at));
    }

    it.each(Object.entries(cases))(
      "%s killed at any moment",
      { timeout: 180_000 },
      async (name, one) => {
        const first = openRoom(`${name} whole`);
        const began = performance.now();
        const whole = await place.run(argsIn(first.at, one), { env: first.env });
        expect([whole.exitCode, whole.stderr]).toEqual([0, expect.anything()]);
        const time = performance.now() - began;
        await expectSound(first, one);
        for (const part of [0.5, 0.7, 0.85, 0.95]) {
          const room = openRoom(`${name} ${part}`);
          const call = place.start(argsIn(room.at, one), { env: room.env });
          await Promise.race([sleep(time * part), call.done]);
          call.child.kill("SIGKILL");
          await call.done;
          await expectSound(room, one);
          if (one.left !== undefined)
            rmSync(one.left[0].replaceAll("$", room.at), { recursive: true, force: true });
          const again = await place.run(argsIn(room.at, one), { env: room.env });
          expect(again.exitCode).toBe(0);
          await expectSound(room, one);
          expect(storeManifest(join(room.at, "store")).leftovers).toEqual([]);
          rmSync(room.at, { recursive: true });
        }
        rmSync(first.at, { recursive: true });
      },
    );

    it.each(Object.entries(cases))(
      "%s on a disk that fills up",
      { timeout: 180_000 },
      async (name, one) => {
        let faults = 0;
        for (const free of [0, 64, 700, 2500, 4500, 40_000]) {
          const at = place.at(`disk ${name} ${free}`);
          mkdirSync(at);
          const used = Number(
            execFileSync("du", ["-sk", place.store], { encoding: "utf8" }).split("\t")[0],
          );
          const size = `size=${used + 64 + free}k`;
          execFileSync("mount", ["-t", "tmpfs", "-o", size, "tmpfs", at]);
          try {
            execFileSync("cp", ["-a", place.store, join(at, "store")]);
            const env = { ...place.env, LITHIFY_STORE: join(at, "store") };
            const room = { at, env };
            const answer = await place.run<FaultAnswer>([...argsIn(at, one), "--json"], { env });
            expect([0, 3]).toContain(answer.exitCode);
            if (answer.exitCode === 3) {
              faults += 1;
              expect(answer.document.error.code).toMatch(
                /^(STORE_FULL|DISK_FULL|VOLUME_UNWRITABLE|STORE_UNREADABLE|UNPACK_FAILED)$/,
              );
            } else expect(free).toBeGreaterThan(0);
            await expectSound(room, one);
            expect(storeManifest(join(at, "store")).leftovers).toEqual([]);
            const beside = readdirSync(at).filter((each) => each.includes("tmp"));
            expect(beside).toEqual([]);
            if (free === 40_000) expect(answer.exitCode).toBe(0);
          } finally {
            execFileSync("umount", [at]);
          }
        }
        expect(faults).toBeGreaterThan(0);
      },
    );
  },
);
