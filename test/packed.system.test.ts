import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundleGateway } from "../packages/build/src/base/gateway-program.ts";
import type { AuditDocument, DriftDocument, ProveDocument, RolloutDocument } from "./documents.ts";
import { freePort } from "./free-port.ts";
import { buildExample, copyExample } from "./gateway-image.ts";
import { type Answer, lithify } from "./lithify.ts";
import { cannotRun, openPlace, type Place, programPath, skips, until, withJson } from "./place.ts";
import {
  addressOf,
  type RunDocument,
  type SealDocument,
  writeSmallContext,
} from "./small-image.ts";
import { root } from "./sources.ts";

/** Most of our own files that a command loads which reads an image: sources would be some 190. */
const mostFiles = 30;

function cannotInstall(): string | false {
  const reason = cannotRun();
  if (reason !== false) return reason;
  return programPath("npm") === undefined ? "no npm" : false;
}

describe.skipIf(skips("the packed packages", cannotInstall()))("the packed packages", () => {
  let place: Place;
  let folder: string;

  beforeAll(() => {
    place = openPlace();
    folder = place.at("folder");
    const packed = place.at("packed");
    execFileSync(process.execPath, [join(root, "scripts", "pack.ts"), packed], { stdio: "pipe" });
    mkdirSync(folder);
    const files = readdirSync(packed).map((name) => join(packed, name));
    expect(files.every((name) => name.endsWith(".tgz"))).toBe(true);
    execFileSync(
      "npm",
      ["install", "--no-audit", "--no-fund", "--prefer-offline", "--ignore-scripts", ...files],
      { cwd: folder, stdio: "pipe" },
    );
  });
  afterAll(() => place.close());

  /** `lithify …` as npx finds it in the folder. */
  function run<Document>(args: readonly string[]): Promise<Answer<Document>> {
    const program = [process.execPath, join(folder, "node_modules", ".bin", "lithify")] as const;
    return lithify<Document>(args, { env: place.env, cwd: folder, program });
  }

  async function ask<Document>(args: readonly string[]): Promise<Document> {
    const answer = await run<Document>(withJson(args));
    expect(answer.exitCode, answer.stderr).toBe(0);
    return answer.document;
  }

  it("holds JavaScript and its types, and nothing that was not meant", () => {
    const packages = readdirSync(join(root, "packages"));
    const installed = [
      join(folder, "node_modules", "lithify"),
      ...packages
        .filter((name) => name !== "cli")
        .map((name) => join(folder, "node_modules", "@lithify", name)),
    ];
    for (const directory of installed) {
      const manifest = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
      const { types, default: entry } = manifest.exports["."];
      for (const file of [types, entry, "LICENSE", "README.md"])
        expect(existsSync(join(directory, file)), `${directory}: ${file}`).toBe(true);
      const files = readdirSync(directory, { recursive: true }).map(String);
      expect(files.filter((name) => /(?<!\.d)\.ts$|^(src|test)\b|tsbuildinfo$/.test(name))).toEqual(
        [],
      );
    }
  });

  it("brings the gateway's program as the sources give it", async () => {
    const [gatewayDirectory, faultDirectory] = ["gateway", "fault"].map((name) =>
      join(root, "packages", name),
    ) as [string, string];
    const made = await bundleGateway({ gatewayDirectory, faultDirectory });
    const installed = join(folder, "node_modules", "@lithify", "gateway", "program");
    expect(readdirSync(installed).sort()).toEqual([...made.keys()].sort());
    for (const [name, text] of made)
      expect(readFileSync(join(installed, name), "utf8"), name).toBe(text);
  });

  it("answers from few files", async () => {
    const context = writeSmallContext(place.at("loaded-context"));
    await ask(["build", context, "--tag", "loaded"]);
    const record = place.at("loaded.json");
    const program = join(folder, "node_modules", "lithify", "bin", "lithify.js");
    const recorder = join(root, "test", "module-recorder.mjs");
    execFileSync(process.execPath, ["--import", recorder, program, "inspect", "loaded"], {
      env: { ...place.env, RECORD: record, RECORD_AT: "exit" },
      cwd: folder,
      stdio: "pipe",
    });
    const loaded = (JSON.parse(readFileSync(record, "utf8")) as string[]).filter((url) =>
      /\/node_modules\/(?:@lithify|lithify)\//.test(url),
    );
    expect(loaded.filter((url) => !url.endsWith(".js"))).toEqual([]);
    expect(loaded.filter((url) => /@lithify\/(?!fault|oci|seal)/.test(url))).toEqual([]);
    expect(loaded.length).toBeGreaterThan(4);
    expect(loaded.length).toBeLessThanOrEqual(mostFiles);
  });

  it("npx finds the command: version and help", () => {
    const command = ["--no-install", "lithify"];
    const npx = (...args: readonly string[]): string =>
      execFileSync("npx", command.concat(args), {
        cwd: folder,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
    const { version } = JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8"));
    expect(npx("--version")).toBe(`${version}\n`);
    expect(npx("--help")).toMatch(/^Usage: lithify/);
  });

  it("builds, seals, audits, proves, runs and compares an image", async () => {
    const context = writeSmallContext(place.at("context"));
    await ask(["build", context, "--tag", "small"]);
    const policy = ["--policy", join(context, "lithify.yaml")];
    const sealed = await ask<SealDocument>(["seal", "small", "--tag", "small:sealed", ...policy]);
    expect((await run(["audit", "small", ...policy])).exitCode).toBe(1);
    const audit = await ask<AuditDocument>(["audit", "small:sealed"]);
    expect(audit).toMatchObject({ immutable: true, image: sealed.digest });
    const proof = await ask<ProveDocument>(["prove", "small:sealed"]);
    expect(proof).toMatchObject({ immutable: true, disagreements: [] });
    const web = await ask<RunDocument>(["run", "small:sealed", "-n", "web", "-p", "0:8080"]);
    const page = await until(() =>
      fetch(`${addressOf(web)}/www/index.html`).then(
        (response) => response.text(),
        () => false as const,
      ),
    );
    expect(page).toBe("hello\n");
    expect(await ask<DriftDocument>(["drift", "web"])).toMatchObject({ drifted: false });
    await ask(["stop", "web"]);
  });

  it("patches a large layer by a thread of its own", async () => {
    const context = writeSmallContext(place.at("large-context"));
    writeFileSync(join(context, "large"), randomBytes(9 * 1024 * 1024));
    chmodSync(join(context, "large"), 0o666);
    writeFileSync(join(context, "Dockerfile"), "FROM scratch\nCOPY large /\nUSER 9:9\n");
    await ask(["build", context, "--tag", "large"]);
    const sealed = await ask<SealDocument>(["seal", "large", "--tag", "large:sealed"]);
    expect(sealed.plan).toMatchObject([{ action: "rewrite" }]);
    expect(await ask<AuditDocument>(["audit", "large:sealed"])).toMatchObject({ immutable: true });
  });

  it("rolls out", async () => {
    const context = writeSmallContext(place.at("other-context"), { answer: "other\n" });
    await ask(["build", context, "--tag", "other"]);
    const policy = ["--policy", join(context, "lithify.yaml")];
    await ask(["seal", "other", "--tag", "other:sealed", ...policy]);
    const file = join(folder, "rollout.yaml");
    const plan = {
      name: "packed",
      port: 8080,
      listen: `127.0.0.1:${await freePort()}`,
      stable: "small:sealed",
      canary: "other:sealed",
      ready: { path: "/www/index.html" },
      steps: [{ setWeight: 0.5 }, "pause"],
      block: "200ms",
    };
    writeFileSync(file, JSON.stringify(plan));
    const rollout = run<RolloutDocument>(["rollout", "start", file, "--json"]);
    await until(async () => {
      const status = await run<RolloutDocument>(["rollout", "status", "packed", "--json"]);
      return status.exitCode === 0 && status.document.phase === "paused";
    });
    await ask(["rollout", "promote", "packed", "--full"]);
    expect((await rollout).document).toMatchObject({ phase: "completed" });
    await ask(["rollout", "close", "packed"]);
  });

  it("reads and serves the example's configuration", async () => {
    const source = join(root, "examples", "echo-gateway", "src");
    expect(await ask(["gateway", "lint", source])).toMatchObject({ servable: true });
  });

  it.skipIf(skips("the packed gateway's image", programPath("apt-get") ? false : "no apt-get"))(
    "assembles the gateway's base image, which serves the example",
    async () => {
      await ask(["gateway", "image"]);
      const context = copyExample(place.at("echo"));
      await buildExample({ ...place, ask }, context, "echo");
      const echo = await ask<RunDocument>(["run", "echo", "--name", "echo", "-p", "0:8080"]);
      const body = await until(() =>
        fetch(`${addressOf(echo)}/stillmutable`).then(
          (response) => response.json(),
          () => false as const,
        ),
      );
      expect(body).toEqual({ method: "GET", uri: "/stillmutable" });
      await ask(["stop", "echo"]);
    },
  );
});
