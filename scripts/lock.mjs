// `npm run lock`: makes package-lock.json anew, complete for every platform.
// npm leaves optional packages of other platforms out of the lock file where the registry in use does not
// have them, and `npm ci` then refuses that lock file. They are added here by name: version from their
// dependant, platform from their name, no integrity (it cannot be known without the package).
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const root = join(import.meta.dirname, "..");
const place = mkdtempSync(join(tmpdir(), "lithify-lock-"));
for (const file of ["package.json", ".npmrc", ...packageFiles()]) {
  mkdirSync(dirname(join(place, file)), { recursive: true });
  cpSync(join(root, file), join(place, file));
}
const result = spawnSync("npm", ["install", "--package-lock-only", "--loglevel=error"], {
  cwd: place,
  stdio: "inherit",
});
if (result.status !== 0) process.exit(result.status ?? 1);

const lock = JSON.parse(readFileSync(join(place, "package-lock.json"), "utf8"));
for (const [path, entry] of Object.entries(lock.packages))
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`;
    if (lock.packages[key] !== undefined || lock.packages[`${path}/${key}`] !== undefined) continue;
    lock.packages[key] = {
      version,
      ...platformOf(name),
      ...(entry.dev ? { dev: true } : {}),
      optional: true,
    };
  }
const sorted = Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1));
lock.packages = Object.fromEntries(sorted);
writeFileSync(join(root, "package-lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
rmSync(place, { recursive: true });

function packageFiles() {
  return readdirSync(join(root, "packages")).map((name) => `packages/${name}/package.json`);
}

/** `…-linux-arm64-musl` and `…-wasm32-wasi` and the like: what npm's fields os, cpu and libc would say. */
function platformOf(name) {
  const os = /android|darwin|freebsd|linux|openbsd|netbsd|openharmony|sunos|aix|win32|wasi/.exec(
    name,
  )?.[0];
  const cpu = /arm64|armv7|arm(?=-|$)|x64|ia32|ppc64|riscv64|s390x|loong64|mips64el|wasm32/.exec(
    name,
  )?.[0];
  const libc = /musl|gnu/.exec(name)?.[0];
  return {
    ...(cpu ? { cpu: [cpu === "armv7" ? "arm" : cpu] } : {}),
    ...(os && os !== "wasi" ? { os: [os] } : {}),
    ...(libc && os === "linux" ? { libc: [libc === "gnu" ? "glibc" : "musl"] } : {}),
  };
}
