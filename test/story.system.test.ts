import { cpSync, readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditDocument, DriftDocument, ProveDocument } from "./documents.ts";
import { commandFile } from "./lithify.ts";
import { cannotRun, heldBy, openPlace, type Place, skips, stillHeld } from "./place.ts";
import {
  addressOf,
  type BuildDocument,
  buildSmall,
  type RunDocument,
  type SealDocument,
} from "./small-image.ts";

const html = "/srv/www/index.html";

/** As many bytes as before. */
const sameSizeEdit = `printf 'HELLO\\n' > ${html}`;

describe.skipIf(skips("the story of a small image", cannotRun()))(
  "the story of a small image",
  () => {
    let place: Place;
    let built: BuildDocument;
    let sealed: SealDocument;

    beforeAll(async () => {
      place = openPlace();
      built = await buildSmall(place, "small");
    });
    afterAll(() => place.close());

    it("builds the same digest elsewhere, later, under another umask and time zone", async () => {
      const other = openPlace();
      try {
        const context = other.at("somewhere", "else");
        cpSync(place.at("context-small"), context, { recursive: true, preserveTimestamps: false });
        for (const name of readdirSync(context)) utimesSync(join(context, name), 1e9, 1e9);
        const again = await other.ask<BuildDocument>(["build", ".", "-t", "small"], {
          cwd: context,
          env: { ...other.env, TZ: "Pacific/Auckland" },
          program: ["/bin/sh", "-c", 'umask 0077; exec "$0" "$@"', process.execPath, commandFile],
        });
        expect(again.cached).toBe(0);
        expect(again.digest).toBe(built.digest);
      } finally {
        await other.close();
      }
    });

    it("builds again from the cache", async () => {
      const again = await buildSmall(place, "small");
      expect(again.digest).toBe(built.digest);
      expect(again.cached).toBeGreaterThan(0);
      const anew = await place.ask<BuildDocument>([
        "build",
        place.at("context-small"),
        "-t",
        "small",
        "--no-cache",
      ]);
      expect(anew).toMatchObject({ digest: built.digest, cached: 0 });
    });

    it("runs mutable: the change succeeds", async () => {
      const instance = await place.ask<RunDocument>(runArgs("small", "loose", "--mutable"));
      expect(instance).toMatchObject({ mutable: true, image: built.digest });
      expect(await answerOf(instance)).toBe("hello\n");
      const before = await sizeAndTime(place);
      const change = await place.run(["exec", "loose", "--", "sh", "-c", sameSizeEdit]);
      expect(change.exitCode).toBe(0);
      expect(await sizeAndTime(place)).not.toBe(before);
      // Putting the time back needs the owner: everything in the image has the same one.
      await place.ask([
        "exec",
        "loose",
        "-u",
        "0",
        "--",
        "touch",
        "-r",
        "/srv/www/config.txt",
        html,
      ]);
      expect(await sizeAndTime(place)).toBe(before);
      expect(await answerOf(instance)).toBe("HELLO\n");
    });

    it("audits the image as it was built: not immutable, with witnesses, exit code 1", async () => {
      const answer = await place.run<AuditDocument>(["audit", "small", ...policy(place), "--json"]);
      expect(answer.exitCode).toBe(1);
      expect(answer.document).toMatchObject({ image: built.digest, immutable: false });
      expect(answer.document.identities.map(({ name }) => name)).toEqual([
        "app",
        "app:0",
        "1000770000:0",
      ]);
      const { findings } = answer.document;
      for (const identity of answer.document.identities.map(({ name }) => name)) {
        const own = findings.filter((finding) => finding.identity === identity);
        const paths = own.flatMap(({ path, alsoPaths = [] }) => [path, ...alsoPaths]);
        expect(paths).toEqual(expect.arrayContaining([html, "/srv/www/config.txt"]));
      }
      for (const finding of findings) expect(finding.witness.length).toBeGreaterThan(0);
    });

    it("plans the seal without writing, then seals without copying content", async () => {
      const plan = await place.ask<SealDocument>(["seal", "small", "--dry-run", ...policy(place)]);
      sealed = await place.ask<SealDocument>([
        "seal",
        "small",
        "-t",
        "small:sealed",
        ...policy(place),
      ]);
      expect(plan.plan).toEqual(sealed.plan);
      expect(sealed.from).toBe(built.digest);
      expect(sealed.bytesAdded).toBe(sum(sealed.plan.map((layer) => layer.bytesAdded)));
      // The layer with the program, more than 99 % of the image, is the same blob as before.
      expect(sealed.plan[0]).toMatchObject({ action: "reuse", layer: built.layers[0]?.digest });
      expect(sealed.bytesAdded + sealed.bytesRewritten).toBeLessThan(4096);
      const again = await place.ask<SealDocument>([
        "seal",
        "small",
        "-t",
        "other",
        ...policy(place),
      ]);
      expect(again.digest).toBe(sealed.digest);
    });

    it("audits the sealed image: immutable, exit code 0", async () => {
      const answer = await place.run<AuditDocument>(["audit", "small:sealed", "--json"]);
      expect(answer.exitCode).toBe(0);
      expect(answer.document).toMatchObject({
        image: sealed.digest,
        immutable: true,
        findings: [],
      });
      expect(answer.document.objects).toBe(sealed.statement.objects);
      expect(answer.document.notProven.length).toBeGreaterThan(0);
    });

    it("proves both: the kernel agrees with the audit", async () => {
      const loose = await place.run<ProveDocument>(["prove", "small", ...policy(place), "--json"]);
      expect(loose.document).toMatchObject({ immutable: false, disagreements: [], residue: [] });
      expect(loose.exitCode).toBe(1);
      expect(loose.document.attempts.some(({ observed }) => observed === "allowed")).toBe(true);
      const tight = await place.run<ProveDocument>(["prove", "small:sealed", "--json"]);
      expect(tight.document).toMatchObject({ immutable: true, disagreements: [], residue: [] });
      expect(tight.exitCode).toBe(0);
      expect(tight.document.attempts.length).toBeGreaterThan(0);
      expect(tight.document.attempts.every(({ observed }) => observed !== "allowed")).toBe(true);
    });

    it("runs sealed: the same answer, the change denied", async () => {
      const instance = await place.ask<RunDocument>(runArgs("small:sealed", "tight"));
      expect(instance).toMatchObject({ mutable: false, image: sealed.digest });
      expect(await answerOf(instance)).toBe("hello\n");
      const change = await place.run(["exec", "tight", "--", "sh", "-c", sameSizeEdit]);
      expect(change.exitCode).toBe(1);
      expect(change.stdout).toMatch(/Read-only file system|Permission denied/);
      expect(await answerOf(instance)).toBe("hello\n");
      const asRoot = ["exec", "tight", "--user", "0", "--", "sh", "-c", `echo x > ${html}`];
      expect((await place.run(asRoot)).exitCode).toBe(1);
    });

    it("runs several instances of one image side by side", async () => {
      const second = await place.ask<RunDocument>(runArgs("small:sealed", "tight-2"));
      expect(await answerOf(second)).toBe("hello\n");
      const { instances } = await place.ask<{ instances: readonly { name: string }[] }>(["ps"]);
      expect(instances.map(({ name }) => name)).toEqual(["loose", "tight", "tight-2"]);
      await place.ask(["stop", "tight-2"]);
    });

    it("finds the drift of the mutable instance, and none of the sealed one", async () => {
      const both = await place.run<DriftDocument>(["drift", "--json"]);
      expect(both.exitCode).toBe(1);
      const [loose, tight] = both.document.instances;
      expect(loose).toMatchObject({ name: "loose", drifted: true });
      expect(loose?.changes).toContainEqual(
        expect.objectContaining({ kind: "content", path: html, class: "violation" }),
      );
      expect(tight).toMatchObject({ name: "tight", drifted: false });
      expect(tight?.changes.filter((change) => change.class === "violation")).toEqual([]);
      expect((await place.run(["drift", "tight", "--json"])).exitCode).toBe(0);
    });

    it("shows modes, owners, additions and removals too", async () => {
      const tamper = `chmod 0600 /srv/cgi-bin/call; chown 7:7 /srv/www/made.txt; rm /srv/www/config.txt; echo x > /srv/www/new.txt`;
      await place.ask(["exec", "loose", "--user", "0", "--", "sh", "-c", tamper]);
      const { document } = await place.run<DriftDocument>(["drift", "loose", "--json"]);
      const kinds = document.instances[0]?.changes.map(({ kind, path }) => `${kind} ${path}`);
      expect(kinds).toEqual(
        expect.arrayContaining([
          "mode /srv/cgi-bin/call",
          "owner /srv/www/made.txt",
          "removed /srv/www/config.txt",
          "added /srv/www/new.txt",
        ]),
      );
    });

    it("stops with nothing left: mounts, namespaces, links, processes", async () => {
      const held = heldBy(place);
      expect(held.namespaces).toHaveLength(2);
      expect(stillHeld(place, held)).toMatchObject(held);
      const { stopped } = await place.ask<{ stopped: readonly object[] }>(["stop", "--all"]);
      expect(stopped).toEqual([
        { name: "loose", exitCode: 0 },
        { name: "tight", exitCode: 0 },
      ]);
      const nothing = { namespaces: [], links: [], processes: [], mounts: [] };
      expect(stillHeld(place, held)).toEqual(nothing);
      expect(readdirSync(join(place.state, "instances"))).toEqual([]);
    });
  },
);

function runArgs(image: string, name: string, ...more: readonly string[]): readonly string[] {
  return ["run", image, "--name", name, "--publish", "0:8080", ...more];
}

/** Size and time of the page in the mutable instance. */
async function sizeAndTime(place: Place): Promise<string> {
  const stat = ["exec", "loose", "--", "stat", "-c", "%s %Y", html];
  return (await place.ask<{ stdout: string }>(stat)).stdout;
}

function policy(place: Place): readonly string[] {
  return ["--policy", place.at("context-small", "lithify.yaml")];
}

async function answerOf(instance: RunDocument): Promise<string> {
  const response = await fetch(`${addressOf(instance)}/www/index.html`);
  expect(response.status).toBe(200);
  return response.text();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
