// Sets up what a fresh machine lacks, then runs a script with the pinned Node.
// Usage: node scripts/bootstrap.mjs [SCRIPT [ARG ...]]
// Plain JavaScript for an older Node: this file runs before the pinned one is there.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const [script, ...args] = process.argv.slice(2);
const sections = [
  "run",
  ...(script === "scripts/test.ts" ? ["test"] : []),
  ...(script?.startsWith("bench/") ? ["bench"] : []),
];

installNodePackages();
installDebianPackages(sections);
if (script !== undefined) runScript(script, args);

/** `npm ci` when node_modules is missing or was made from another lock file. */
function installNodePackages() {
  const lock = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  const stamp = join(root, "node_modules", ".lithify-lock");
  const pinned = join(root, "node_modules", ".bin", "node");
  if (existsSync(stamp) && existsSync(pinned) && readFileSync(stamp, "utf8") === lock) return;
  say("installing npm packages by the lock file");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: root });
  if (!existsSync(pinned)) installPinnedNode();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, lock);
}

/** Where npm is set not to run install scripts, the one of the package `node` has to be run by name. */
function installPinnedNode() {
  run("npm", ["rebuild", "node", "--ignore-scripts=false", "--loglevel=error"], { cwd: root });
  if (existsSync(join(root, "node_modules", ".bin", "node"))) return;
  fail(
    "the npm package `node` did not install its program: allow its install script and run this again",
  );
}

/** Debian packages from scripts/debian-packages.txt: installed as root on Debian, otherwise named. */
function installDebianPackages(wanted) {
  const missing = debianPackages(wanted).filter((entry) => !existsSync(entry.shows));
  if (missing.length === 0) return;
  const names = missing.map((entry) => entry.name);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || !existsSync("/usr/bin/apt-get")) {
    say(`these programs are missing; install them (Debian: apt-get install ${names.join(" ")}):`);
    for (const entry of missing) say(`  ${entry.name}: ${entry.why}`);
    return;
  }
  say(`installing Debian packages: ${names.join(" ")}`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  run("apt-get", ["-qq", "update"], { env });
  run("apt-get", ["-qq", "install", "-y", "--no-install-recommends", ...names], { env });
}

function debianPackages(wanted) {
  let section = "";
  const entries = [];
  for (const line of readFileSync(join(root, "scripts", "debian-packages.txt"), "utf8").split(
    "\n",
  )) {
    if (line.trim() === "" || line.startsWith("#")) continue;
    const heading = /^\[(\w+)\]$/.exec(line);
    if (heading) section = heading[1];
    else if (wanted.includes(section)) {
      const [name, shows, ...why] = line.split(/\s+/);
      entries.push({ name, shows, why: why.join(" ") });
    }
  }
  return entries;
}

function runScript(file, rest) {
  const bin = join(root, "node_modules", ".bin");
  const result = spawnSync(join(bin, "node"), [join(root, file), ...rest], {
    stdio: "inherit",
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });
  if (result.error) fail(result.error.message);
  process.exit(result.status ?? 128 + (constants.signals[result.signal] ?? 1));
}

function run(command, list, options = {}) {
  const result = spawnSync(command, list, { stdio: ["ignore", 2, 2], ...options });
  if (result.error) fail(`${command}: ${result.error.message}`);
  if (result.status !== 0) fail(`${command} ${list.join(" ")} ended with ${result.status}`);
}

function say(text) {
  process.stderr.write(`set-up: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(3);
}
