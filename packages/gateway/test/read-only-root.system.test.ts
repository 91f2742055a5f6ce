import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { waitForPort } from "./support/gateway-program.ts";
import { managedTree } from "./support/managed-tree.ts";
import { manage } from "./support/management-client.ts";

const main = join(import.meta.dirname, "../src/main.ts");

/** A mount namespace in which all is read-only but one tmpfs, then any user of group 0 in it. */
const script = `
set -e
mount --bind / /
mount -o remount,ro,bind /
mount --bind "$ROOT" "$ROOT"
mount -o remount,ro,bind "$ROOT"
mount -t tmpfs -o mode=1777,size=16m tmpfs "$ROOT/temporary"
if touch "$ROOT/probe" /probe 2>/dev/null; then echo not read-only; exit 9; fi
exec setpriv --reuid 54321 --regid 0 --clear-groups --no-new-privs --bounding-set=-all \
  --inh-caps=-all "$NODE" "$MAIN" "$ROOT"
`;

/** Why this machine cannot have such a namespace; undefined where it can. */
function missing(): string | undefined {
  if (process.getuid?.() !== 0) return "only root can make mounts";
  const tried = spawnSync("unshare", ["--mount", "setpriv", "--version"]);
  return tried.status === 0 ? undefined : "no unshare, setpriv or mount namespaces here";
}

const why = missing();
if (why !== undefined) process.stdout.write(`read-only-root is skipped: ${why}\n`);

test.skipIf(why !== undefined).each(["1", "2"])(
  "a read-only root, one tmpfs, any uid with gid 0, no capability: %s processes",
  async (processes) => {
    using tree = await managedTree(`
logging target "own"
  type file
  format text
  local-file "logtemp:///own.log"
  event "all" "notice"
exit
`);
    mkdirSync(join(tree.root, "temporary"));
    chmodSync(tree.root, 0o755);
    const child = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script], {
      env: {
        PATH: process.env.PATH,
        ROOT: tree.root,
        NODE: process.execPath,
        MAIN: main,
        DATAPOWER_WORKER_THREADS: processes,
        DATAPOWER_INTERACTIVE: "true",
        DATAPOWER_FAST_STARTUP: "true",
        DATAPOWER_ACCEPT_LICENSE: "true",
        GATEWAY_HEALTH_PORT: String(tree.health),
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const log = logOf(child);
    const exit = new Promise<number | null>((resolve) => child.on("close", resolve));
    try {
      await Promise.race([
        waitForPort(tree.rest),
        exit.then((code) => Promise.reject(new Error(`ended with ${code}: ${log()}`))),
      ]);
      const answer = await fetch(`http://127.0.0.1:${tree.port}/here`);
      expect(await answer.text()).toBe('{"method":"GET","uri":"/here"}');
      expect((await fetch(`http://127.0.0.1:${tree.health}/`)).status).toBe(200);
      const status = await manage(tree.rest, "/mgmt/status/default/LogTargetStatus");
      expect(status.document.LogTargetStatus).toMatchObject({
        Status: "active",
        ErrorInfo: "none",
      });
      const file = await manage(tree.rest, "/mgmt/filestore/default/logtemp/own.log");
      const text = Buffer.from(String(file.document.file), "base64").toString();
      expect(text).toContain("On-line: 1 ports served");
      await expect.poll(log).toMatch(/\/config is immutable to this process/);
      expect(log()).toMatch(/\/local is immutable to this process/);
      expect(log()).not.toMatch(/\[(?:warn|error|critic)\]/);
    } finally {
      child.kill("SIGTERM");
    }
    expect(await exit).toBe(0);
  },
);

function logOf(child: ChildProcess): () => string {
  let text = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (part) => {
      text += String(part);
    });
  }
  return () => text;
}
