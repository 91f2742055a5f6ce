import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Image } from "@lithify/oci";
import { accountsOf, dockerRunLaunch, type Identity, launchIdentity } from "@lithify/seal";
import Docker from "dockerode";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadImage } from "../src/docker/load-image.ts";
import { capabilitiesFromMask } from "../src/runtime/capabilities.ts";
import { missingDaemon, startDaemon, type TestDaemon } from "./support/docker-daemon.ts";
import { openTestStore, type TestStore } from "./support/test-images.ts";

const lines = readFileSync(new URL("./cases/docker-run-lines.txt", import.meta.url), "utf8")
  .split("\n")
  .filter((line) => line.startsWith("docker "));
const missing =
  missingDaemon ??
  (spawnSync("docker", ["--version"]).status === 0 ? undefined : "not installed: docker-cli");
if (missing !== undefined && missingDaemon === undefined)
  process.stderr.write(`docker run lines are not compared here: ${missing}\n`);

describe.skipIf(missing !== undefined)("docker run lines beside Docker itself", () => {
  let test: TestStore;
  let daemon: TestDaemon;
  let image: Image;
  let name: string;
  beforeAll(async () => {
    test = await openTestStore();
    daemon = await startDaemon();
    image = await test.image({ Cmd: ["/bin/true"] });
    name = await loadImage(new Docker({ socketPath: daemon.socketPath }), test.store, image);
  });
  afterAll(async () => {
    await daemon.close();
    await test.remove();
  });

  it.each(lines)("%s", async (text) => {
    const launch = await dockerRunLaunch(text.replace("IMAGE", name));
    const accounts = await accountsOf(image);
    const expected = launchIdentity(launch, { accounts, user: image.config.config?.User ?? "" });
    const shown = shownBy(text, name, daemon.socketPath);
    expect(shown.identity).toEqual({
      uid: expected.uid,
      gid: expected.gid,
      groups: expected.groups.filter((gid) => gid !== expected.gid),
      capabilities: comparable(expected.capabilities),
      bounding: comparable(expected.bounding ?? []),
      noNewPrivileges: expected.noNewPrivileges,
    });
    expect(shown.readOnlyRoot).toBe(launch.readOnlyRoot.value);
    const mounts = launch.mounts.map(({ target, writable }) => `${target} ${writable}`);
    expect(shown.mounts.toSorted()).toEqual(mounts.toSorted());
  });

  it("every flag of docker run is known, and takes what is said", async () => {
    const help = spawnSync("docker", ["run", "--help"], { encoding: "utf8" }).stdout;
    const flags = [...help.matchAll(/^ {2}(?:-(\w), | {4})--([a-z0-9-]+)(?: ([a-z]\S*))? {2,}/gmu)];
    expect(flags.length).toBeGreaterThan(90);
    for (const [, letter, flag = "", value] of flags) {
      const words = value === undefined ? [`--${flag}`, "image"] : [`--${flag}`, "word", "image"];
      expect([flag, await parsedImage(words)]).toEqual([flag, "image"]);
      if (letter === undefined) continue;
      words[0] = `-${letter}`;
      expect([letter, await parsedImage(words)]).toEqual([letter, "image"]);
    }
  });
});

/** The image that is read behind these words; what else is wrong with them does not matter. */
async function parsedImage(words: readonly string[]): Promise<string | undefined> {
  const harmless: Readonly<Record<string, string>> = {
    "--mount": "type=tmpfs,dst=/x",
    "--tmpfs": "/x",
    "--volume": "/x",
    "-v": "/x",
    "--security-opt": "label=disable",
    "--device": "/dev/null",
  };
  const [flag = "", value] = words;
  const line = words.map((word) => (word === value && flag in harmless ? harmless[flag] : word));
  return (await dockerRunLaunch(`docker run ${line.join(" ")}`)).image?.value;
}

interface Shown {
  readonly identity: Omit<Required<Identity>, "name">;
  readonly readOnlyRoot: boolean;
  /** Those that the line asked for: TARGET WRITABLE. */
  readonly mounts: readonly string[];
}

/** Runs the line with cat of /proc as its command. */
function shownBy(text: string, image: string, socketPath: string): Shown {
  const words = text.split(" ").slice(2);
  const before = words.slice(0, words.indexOf("IMAGE")).map((word) => word.replace("-itv", "-iv"));
  const files = ["/proc/self/status", "/proc/self/mountinfo"];
  const entrypoint = before.includes("--entrypoint") ? [] : ["/bin/cat"];
  const args = ["--host", `unix://${socketPath}`, "run", "--rm", "--network", "none"];
  const ran = spawnSync("docker", [...args, ...before, image, ...entrypoint, ...files], {
    encoding: "utf8",
    timeout: 60_000,
  });
  if (ran.status !== 0) throw new Error(`${text}: ${ran.stderr}`);
  const field = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, "mu").exec(ran.stdout)?.[1] ?? "";
  const first = (key: string) => Number(field(key).split(/\s+/u)[0]);
  const gid = first("Gid");
  const mounts = ran.stdout
    .split("\n")
    .map((line) => line.split(" "))
    .filter((parts) => parts.length > 9 && parts[4]?.startsWith("/") === true);
  const asked = new Set(
    text.match(/(?<=[ :=])\/[a-z]+/gu)?.filter((path) => !["/tmp", "/bin"].includes(path)),
  );
  return {
    identity: {
      uid: first("Uid"),
      gid,
      groups: field("Groups")
        .split(/\s+/u)
        .filter(Boolean)
        .map(Number)
        .filter((one) => one !== gid),
      capabilities: comparable(capabilitiesFromMask(field("CapEff"))),
      bounding: comparable(capabilitiesFromMask(field("CapBnd"))),
      noNewPrivileges: field("NoNewPrivs") === "1",
    },
    readOnlyRoot: mounts.some(([, , , , target, how]) => target === "/" && how?.startsWith("ro")),
    mounts: mounts
      .filter(([, , , , target = ""]) => asked.has(target))
      .map(([, , , , target, how]) => `${target} ${how?.startsWith("rw")}`),
  };
}

/** Capabilities that a daemon may not know yet. */
const newest = ["CAP_BPF", "CAP_CHECKPOINT_RESTORE", "CAP_PERFMON"];

/** Without those, and without those that this machine itself does not have. */
function comparable(names: readonly string[]): readonly string[] {
  const status = readFileSync("/proc/self/status", "utf8");
  const own = capabilitiesFromMask(/^CapBnd:\s*(\S+)$/mu.exec(status)?.[1] ?? "0");
  return names.filter((name) => own.includes(name) && !newest.includes(name)).toSorted();
}
