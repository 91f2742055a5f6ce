import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Image } from "@lithify/oci";
import { accountsOf, composeLaunches, launchIdentity } from "@lithify/seal";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadImage } from "../src/docker/load-image.ts";
import { capabilitiesFromMask } from "../src/runtime/capabilities.ts";
import { missingDaemon, startDaemon, type TestDaemon } from "./support/docker-daemon.ts";
import { openTestStore, type TestStore } from "./support/test-images.ts";

const missing =
  missingDaemon ??
  (spawnSync("docker-compose", ["version"]).status === 0
    ? undefined
    : "not installed: docker-compose");
if (missing !== undefined && missingDaemon === undefined)
  process.stderr.write(`compose files are not compared here: ${missing}\n`);

/** What a service says, one list of lines each. */
const services: readonly (readonly [string, readonly string[]])[] = [
  ["nothing", []],
  ["a user and groups", ['user: "7:8"', 'group_add: ["60"]']],
  ["a name of the image", ["user: web"]],
  ["root without capabilities", ["user: root", "cap_drop: [ALL]"]],
  ["root with one more", ['user: "0"', "cap_add: [NET_ADMIN]", "cap_drop: [MKNOD]"]],
  ["no new privileges", ["security_opt: [no-new-privileges:true]"]],
  ["read-only, with a tmpfs", ["read_only: true", "tmpfs: [/srv]"]],
];

describe.skipIf(missing !== undefined)("compose files beside docker-compose itself", () => {
  let test: TestStore;
  let daemon: TestDaemon;
  let image: Image;
  let name: string;
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "lithify-compose-"));
    test = await openTestStore();
    daemon = await startDaemon();
    image = await test.image({ Cmd: ["/bin/true"] });
    name = await loadImage(new Docker({ socketPath: daemon.socketPath }), test.store, image);
  });
  afterAll(async () => {
    await daemon.close();
    await test.remove();
    await rm(directory, { recursive: true, force: true });
  });

  it.each(services)("%s", async (_, lines) => {
    const text = [
      'version: "2.4"',
      "services:",
      "  web:",
      `    image: ${name}`,
      "    network_mode: none",
      ...lines.map((line) => `    ${line}`),
      "",
    ].join("\n");
    const file = join(directory, "compose.yaml");
    await writeFile(file, text);
    const [launch] = await composeLaunches(text, file);
    if (launch === undefined) throw new Error("no service");
    const accounts = await accountsOf(image);
    const expected = launchIdentity(launch, { accounts, user: image.config.config?.User ?? "" });
    const ran = spawnSync(
      "docker-compose",
      [
        "-f",
        file,
        "run",
        "--rm",
        "-T",
        "web",
        "/bin/cat",
        "/proc/self/status",
        "/proc/self/mounts",
      ],
      {
        encoding: "utf8",
        timeout: 60_000,
        env: { ...process.env, DOCKER_HOST: `unix://${daemon.socketPath}` },
      },
    );
    expect(ran.status, ran.stderr).toBe(0);
    expect(shownBy(ran.stdout)).toEqual({
      uid: expected.uid,
      gid: expected.gid,
      groups: expected.groups.filter((gid) => gid !== expected.gid),
      capabilities: expected.capabilities,
      noNewPrivileges: expected.noNewPrivileges,
      readOnlyRoot: launch.readOnlyRoot.value,
    });
  });
});

function shownBy(stdout: string) {
  const field = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, "mu").exec(stdout)?.[1] ?? "";
  const first = (key: string) => Number(field(key).split(/\s+/u)[0]);
  const gid = first("Gid");
  const groups = field("Groups").split(/\s+/u).filter(Boolean).map(Number);
  return {
    uid: first("Uid"),
    gid,
    groups: groups.filter((one) => one !== gid),
    capabilities: capabilitiesFromMask(field("CapEff")),
    noNewPrivileges: field("NoNewPrivs") === "1",
    readOnlyRoot: /^\S+ \/ \S+ ro[, ]/mu.test(stdout),
  };
}
