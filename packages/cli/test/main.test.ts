import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { commandFile, type FaultAnswer, lithify } from "../../../test/lithify.ts";
import { environment, skips } from "../../../test/place.ts";
import { root } from "../../../test/sources.ts";

const directory = mkdtempSync(join(tmpdir(), "lithify-main-"));
const env = environment({
  LITHIFY_STORE: join(directory, "store"),
  LITHIFY_STATE: join(directory, "state"),
});
const call = <Document = unknown>(args: readonly string[], more: NodeJS.ProcessEnv = {}) =>
  lithify<Document>(args, { env: { ...env, ...more }, cwd: directory });

afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A Node of this machine that is too old for the packages. */
function olderNode(): string | undefined {
  return ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
    const { stdout } = spawnSync(path, ["--version"], { encoding: "utf8" });
    return Number(/^v(\d+)/.exec(stdout ?? "")?.[1] ?? 24) < 24;
  });
}

describe("the command", () => {
  it("says its version, that of its package", async () => {
    const manifest = JSON.parse(readFileSync(join(root, "packages/cli/package.json"), "utf8"));
    expect(await call(["--version"])).toMatchObject({
      exitCode: 0,
      stdout: `${manifest.version}\n`,
      stderr: "",
    });
    expect(readdirSync(directory)).toEqual([]);
  });

  const older = olderNode();
  it.skipIf(skips("an older Node", older === undefined && "there is none on this machine"))(
    "runs with the pinned Node where the machine's own is older, exit codes included",
    async () => {
      const program = [older ?? "", commandFile] as const;
      const version = await lithify(["--version"], { env, program });
      expect(version).toMatchObject({ exitCode: 0, stderr: "" });
      expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
      expect((await lithify(["sael"], { env, program })).exitCode).toBe(2);
    },
  );

  it("shows help on standard output", async () => {
    const help = await call(["--help"]);
    expect(help).toMatchObject({ exitCode: 0, stderr: "" });
    expect(help.stdout).toMatch(/^Usage: lithify/);
    const seal = await call(["help", "seal"]);
    expect(seal.stdout).toBe((await call(["seal", "--help"])).stdout);
    expect(seal.stdout).toContain("lithify seal");
  });

  it.each([
    [["sael", "x"], /unknown command 'sael'; did you mean seal\?/],
    [["rollout", "strat"], /unknown command 'strat'; did you mean start\?/],
    [["seal", "--tga", "x", "y"], /unknown option '--tga'; did you mean --tag\?/],
    [["run"], /missing required argument 'image'/],
    [["build"], /required option '-t, --tag <ref>' not specified/],
    [["build", "--tag"], /argument missing/],
    [["ls", "a", "b", "c"], /too many arguments/],
    [[], /names no command/],
    [["gateway"], /names no command/],
    [["stop"], /names of instances, or --all/],
    [["stop", "--all", "--time", "soon"], /--time/],
    [["audit", "x", "--format", "xml"], /text, json, sarif/],
    [["run", "x", "--publish", "http"], /./],
  ])("%j is wrong usage: exit code 2", async (args, message) => {
    const answer = await call([...args]);
    expect(answer.exitCode).toBe(2);
    expect(answer.stdout).toBe("");
    expect(answer.stderr).toMatch(message);
    expect(answer.stderr).toMatch(/\n {2}hint: \S/);
  });

  it("prints exactly one JSON document on standard output: an answer", async () => {
    const answer = await call<{ images: readonly object[] }>(["ls", "--json"]);
    expect(answer).toMatchObject({ exitCode: 0, stderr: "" });
    expect(answer.document).toEqual({ images: [] });
    expect(answer.stdout.trimEnd().split("\n")).toHaveLength(1);
  });

  it.each([
    [["audit", "nothing", "--json"], "IMAGE_UNKNOWN", 2],
    [["sael", "--json"], "USAGE", 2],
    [["inspect", "not a name", "--json"], "REFERENCE_INVALID", 2],
  ])(
    "prints exactly one JSON document on standard output: the fault of %j",
    async (args, code, exit) => {
      const answer = await call<FaultAnswer>([...args]);
      expect(answer.exitCode).toBe(exit);
      expect(answer.document.error).toMatchObject({ code, hint: expect.stringMatching(/\S/) });
      expect(answer.stdout.trimEnd().split("\n")).toHaveLength(1);
      expect(answer.stderr).toContain(code);
    },
  );

  it("leaves --json behind -- to the other command", async () => {
    const answer = await call(["exec", "nobody", "--", "program", "--json"]);
    expect(answer.stdout).toBe("");
    expect(answer.exitCode).toBeGreaterThan(1);
  });

  it("colours by FORCE_COLOR, not by NO_COLOR, and never in JSON", async () => {
    const mark = "\u001b[";
    expect((await call(["ls"])).stdout).not.toContain(mark);
    expect((await call(["ls"], { FORCE_COLOR: "1" })).stdout).toContain(mark);
    expect((await call(["ls"], { FORCE_COLOR: "1", NO_COLOR: "1" })).stdout).not.toContain(mark);
    expect((await call(["ls", "--json"], { FORCE_COLOR: "1" })).stdout).not.toContain(mark);
    expect((await call(["sael"], { FORCE_COLOR: "1" })).stderr).toContain(mark);
    expect((await call(["sael"])).stderr).not.toContain(mark);
  });

  it("shows a stack trace only to who asks for it", async () => {
    const stack = /\n\s+at .*main\.ts:\d+/;
    expect((await call(["sael"])).stderr).not.toMatch(stack);
    expect((await call(["sael"], { LITHIFY_DEBUG: "1" })).stderr).toMatch(stack);
  });

  it("keeps its store in the XDG data directory when it is not told where", async () => {
    const { LITHIFY_STORE: _, ...rest } = env;
    const data = join(directory, "data");
    await lithify(["ls"], { env: { ...rest, XDG_DATA_HOME: data }, cwd: directory });
    expect(readdirSync(join(data, "lithify"))).not.toEqual([]);
  });
});
