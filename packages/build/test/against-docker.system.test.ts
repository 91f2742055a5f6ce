import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, existsSync } from "node:fs";
import { chmod, cp, lstat, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { readTar } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/**
 * The trees that the cases expect are what Docker's own BuildKit makes. These are the cases without RUN, which needs
 * a shell, and without what the BuildKit of Docker 20.10 does not know or does otherwise (--parents, --exclude, --link,
 * here-documents, symbolic --chmod and its effect on directories).
 */
const comparable = [
  "copy-absolute-symlink-stays-in-image",
  "copy-beyond-context-stays-inside",
  "copy-chown-names",
  "copy-chown-numbers",
  "copy-directory-contents",
  "copy-file-implied-parents",
  "copy-group-write-of-umask-002",
  "copy-json-form-with-blanks",
  "copy-onto-symlink-writes-its-target",
  "copy-optional-wildcard",
  "copy-set-group-id-directories-are-inherited",
  "copy-symlink-in-context-is-followed",
  "copy-to-dot-uses-workdir",
  "copy-wildcard-class",
  "copy-wildcard-of-directories-merges",
  "dockerignore",
  "dockerignore-beside-the-dockerfile",
  "dockerignore-everything-but",
  "workdir-chain",
];

const daemonProgram = "/usr/sbin/dockerd";
const clientProgram = "/usr/bin/docker";

const missing =
  process.getuid?.() !== 0
    ? "not root"
    : [daemonProgram, clientProgram].find((program) => !existsSync(program));
if (missing !== undefined) process.stderr.write(`comparison with Docker: skipped, ${missing}\n`);

describe.skipIf(missing !== undefined)("Docker's BuildKit makes the same tree", () => {
  let work: string;
  let daemon: ChildProcess;
  let socket: string;

  beforeAll(async () => {
    work = await mkdtemp(join(tmpdir(), "lithify-docker-"));
    socket = `unix://${join(work, "docker.sock")}`;
    const at = (name: string) => join(work, name);
    daemon = spawn(
      daemonProgram,
      [
        ...["--data-root", at("data"), "--exec-root", at("exec"), "--pidfile", at("pid")],
        ...["--host", socket, "--bridge=none", "--iptables=false", "--ip6tables=false"],
        "--ip-forward=false",
      ],
      { stdio: "ignore" },
    );
    for (let tries = 0; tries < 100 && !answers(); tries++) await setTimeout(200);
  });

  afterAll(async () => {
    if (daemon.exitCode === null) {
      const ended = once(daemon, "exit");
      daemon.kill("SIGTERM");
      await ended;
    }
    await rm(work, { recursive: true, force: true });
  });

  function answers(): boolean {
    try {
      execFileSync(clientProgram, ["--host", socket, "info"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  }

  test.for(comparable)("%s", async (name) => {
    const folder = join(work, "case");
    await rm(folder, { recursive: true, force: true });
    await cp(join(import.meta.dirname, "cases", name), folder, {
      recursive: true,
      verbatimSymlinks: true,
    });
    await setModes(folder);
    const archive = join(work, "tree.tar");
    const output = `type=tar,dest=${archive}`;
    execFileSync(
      clientProgram,
      [
        ...["--host", socket, "build", "--quiet", "--no-cache", "--output", output],
        ...["--file", join(folder, "Dockerfile"), join(folder, "context")],
      ],
      { env: { ...process.env, DOCKER_BUILDKIT: "1" }, stdio: "ignore" },
    );
    const { tree } = JSON.parse(await readFile(join(folder, "expected.json"), "utf8")) as {
      readonly tree: readonly string[];
    };
    expect(new Set(await linesOf(archive))).toEqual(new Set(tree));
  });
});

/** As the other tests of the cases do: 0644 or 0755, then what `options.json` says. */
async function setModes(folder: string): Promise<void> {
  const context = join(folder, "context");
  await mkdir(context, { recursive: true });
  for (const name of ["", ...(await readdir(context, { recursive: true }))]) {
    const stat = await lstat(join(context, name));
    if (stat.isSymbolicLink()) continue;
    await chmod(join(context, name), stat.isDirectory() || stat.mode & 0o100 ? 0o755 : 0o644);
  }
  const options = await readFile(join(folder, "options.json"), "utf8").catch(() => "{}");
  const { modes = {} } = JSON.parse(options) as { readonly modes?: Record<string, string> };
  for (const [path, mode] of Object.entries(modes))
    await chmod(join(context, path), Number.parseInt(mode, 8));
}

async function linesOf(archive: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const { entry, body } of readTar(createReadStream(archive))) {
    const { path, type, mode, uid, gid, target } = entry;
    const owner = `${mode.toString(8)} ${uid}:${gid} /${path}`;
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(Uint8Array.from(chunk));
    if (path === "") continue;
    if (type === "symlink") lines.push(`l /${path} -> ${target}`);
    else if (type === "directory") lines.push(`d ${owner}`);
    else lines.push(`f ${owner} = ${Buffer.concat(chunks).toString("utf8").trim()}`);
  }
  return lines;
}
