import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Call, FaultAnswer } from "./lithify.ts";
import { cannotRun, mountsBelow, openPlace, type Place, skips, until } from "./place.ts";
import { buildSmall } from "./small-image.ts";
import { corruptBlobs, storeManifest } from "./store-manifest.ts";

describe.skipIf(skips("interrupted commands", cannotRun()))("interrupted commands", () => {
  let place: Place;
  const calls: Call<FaultAnswer>[] = [];

  beforeAll(async () => {
    place = openPlace();
    await buildSmall(place, "small");
  });
  afterEach(async () => {
    for (const call of calls.splice(0)) {
      call.child.kill("SIGKILL");
      await call.done;
    }
  });
  afterAll(() => place.close());

  /** A build that hangs in its second RUN; the number is in the command line of its process. */
  async function hangingBuild(mark: string): Promise<Call<FaultAnswer>> {
    const context = place.at(`hangs-${mark}`);
    const hang = `RUN printf 'it %s now\\n' hangs; exec sleep ${mark}`;
    writeContext(context, `FROM small\nUSER root\nRUN echo ${mark} > /srv/first\n${hang}\n`);
    const call = place.start<FaultAnswer>(["build", context, "--tag", "never", "--json"]);
    calls.push(call);
    await call.says(/it hangs now/);
    await until(() => stepProcesses(mark).length > 0);
    return call;
  }

  it.each(["SIGINT", "SIGTERM"] as const)("%s ends a build with nothing left", async (signal) => {
    const before = storeManifest(place.store);
    const mark = markOf(signal === "SIGINT" ? 1 : 2);
    const call = await hangingBuild(mark);
    call.child.kill(signal);
    const answer = await call.done;
    expect(answer.exitCode).toBe(3);
    expect(answer.document.error.code).toBe("INTERRUPTED");
    expect(stepProcesses(mark)).toEqual([]);
    expect(mountsBelow(place.directory)).toEqual([]);
    const after = storeManifest(place.store);
    expect(after).toMatchObject({ index: before.index, leftovers: [] });
    expect(after.blobs).toEqual(expect.arrayContaining([...before.blobs]));
    expect(corruptBlobs(place.store)).toEqual([]);
  });

  it("a build killed with SIGKILL is cleaned up by the next one, and its store is whole", async () => {
    const { index } = storeManifest(place.store);
    const mark = markOf(3);
    const call = await hangingBuild(mark);
    call.child.kill("SIGKILL");
    await call.done;
    const after = storeManifest(place.store);
    expect(after.index).toBe(index);
    expect(corruptBlobs(place.store)).toEqual([]);
    await buildSmall(place, "next", { extra: "RUN echo next > /srv/www/next.txt\n" });
    expect(storeManifest(place.store).leftovers).toEqual([]);
    expect(mountsBelow(place.directory)).toEqual([]);
    await until(() => stepProcesses(mark).length === 0);
    expect((await place.run(["audit", "next"])).exitCode).toBeLessThanOrEqual(1);
  });

  it("a build killed while it writes a layer leaves no half-written blob", async () => {
    const { index } = storeManifest(place.store);
    const context = place.at("slow");
    writeContext(context, "FROM small\nCOPY large /srv/large\n");
    const chunk = Buffer.alloc(1 << 20);
    for (let part = 0; part < 96; part += 1) {
      chunk.fill(`${part} and something that compresses slowly ${Math.random()}`);
      writeFileSync(join(context, "large"), chunk, { flag: "a" });
    }
    const call = place.start(["build", context, "--tag", "never"]);
    const blobs = join(place.store, "blobs", "sha256");
    await Promise.race([
      until(() => readdirSync(blobs).some((name) => name.startsWith("."))),
      call.done,
    ]);
    call.child.kill("SIGKILL");
    await call.done;
    const { leftovers } = storeManifest(place.store);
    expect(leftovers.length).toBeGreaterThan(0);
    expect(storeManifest(place.store).index).toBe(index);
    expect(corruptBlobs(place.store)).toEqual([]);
    await place.ask(["ls"]);
    expect(storeManifest(place.store).leftovers).toEqual([]);
  });

  it("a run that is interrupted leaves no instance", async () => {
    const call = place.start(["run", "small", "--name", "cut", "--json"]);
    const instances = join(place.state, "instances");
    await Promise.race([until(() => entries(instances).length > 0), call.done]);
    call.child.kill("SIGINT");
    const { exitCode } = await call.done;
    // Either it was stopped in time, or it was done already and its instance runs.
    if (exitCode === 0) await place.ask(["stop", "cut", "--time", "0"]);
    else expect(exitCode).toBe(3);
    expect(entries(instances)).toEqual([]);
    expect(entries(join(place.state, "names"))).toEqual([]);
    expect(mountsBelow(place.directory)).toEqual([]);
  });

  it("a run killed with SIGKILL is cleaned up by the next command", async () => {
    const call = place.start(["run", "small", "--name", "killed", "--json"]);
    const instances = join(place.state, "instances");
    await Promise.race([until(() => entries(instances).length > 0), call.done]);
    call.child.kill("SIGKILL");
    await call.done;
    // Only a command that was done before the signal leaves an instance, and that one can be stopped.
    const { instances: left } = await place.ask<{ instances: readonly object[] }>(["ps", "--all"]);
    if (left.length > 0) await place.ask(["stop", "killed", "--time", "0"]);
    expect(entries(instances).filter((name) => !name.startsWith("."))).toEqual([]);
    expect(entries(join(place.state, "names"))).toEqual([]);
    expect(mountsBelow(place.directory)).toEqual([]);
    const again = await place.ask<{ name: string }>(["run", "small", "--name", "killed"]);
    expect(again.name).toBe("killed");
    expect(entries(instances)).toHaveLength(1);
    await place.ask(["stop", "killed", "--time", "0"]);
    expect(entries(instances)).toEqual([]);
  });
});

function writeContext(directory: string, dockerfile: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "Dockerfile"), dockerfile);
}

/** Seconds to sleep that no other run of this test sleeps. */
function markOf(test: number): string {
  return `7777.${test}${process.pid}`;
}

/** Processes of this machine with the mark as an argument of their own. */
function stepProcesses(mark: string): readonly string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(mark);
    } catch {
      return false;
    }
  });
}

function entries(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
