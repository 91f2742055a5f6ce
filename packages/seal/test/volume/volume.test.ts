import { readdir, readFile, writeFile } from "node:fs/promises";
import { isFault } from "@lithify/fault";
import { digestOf } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { defaultPolicy } from "../../src/policy/profiles.ts";
import { seal } from "../../src/sealing/seal.ts";
import { fileContent } from "../../src/volume/erofs-read.ts";
import { checkVolume, openVolume } from "../../src/volume/volume-file.ts";
import { writeVolume } from "../../src/volume/volume-write.ts";
import { echoLayers } from "../fixture.ts";
import { gateway, openSample, type Sample } from "./sample.ts";

let sample: Sample;
beforeAll(async () => {
  sample = await openSample();
});
afterAll(() => sample.remove());

describe("a volume", () => {
  it("holds the policy's trees with the modes and owners of a seal, and reads back as it was written", async () => {
    const { seal: written, rootHash } = await sample.write("read");
    const volume = await openVolume(sample.at("read"), { rootHash });
    expect(volume.seal).toEqual(written);
    expect(written.trees).toEqual([`${gateway}/config`, `${gateway}/local`]);
    const node = (path: string) => volume.sealed.at(`${gateway}/${path}`);
    expect(node("config")).toMatchObject({ mode: 0o755, uid: 0, gid: 0 });
    expect(node("config/echo/echo.cfg")).toMatchObject({ mode: 0o644, digest: digestOf("domain") });
    expect(node("local/to")).toMatchObject({ uid: 0, target: "../config/auto-startup.cfg" });
    expect(node("local/\udcff")).toMatchObject({ digest: digestOf("bytes") });
    expect(node("local/size-1")?.xattrs.get("user.note")).toEqual(Buffer.from([0, 1, 255]));
    expect(volume.sealed.at("/etc")).toBeUndefined();
    expect(node("temporary")).toBeUndefined();
    const extent = volume.layout.contents.get(`${gateway}/local/again`);
    const pieces: Buffer[] = [];
    if (extent !== undefined)
      for await (const piece of fileContent(volume.disk, extent)) pieces.push(piece);
    expect(Buffer.concat(pieces)).toEqual(Buffer.from("x".repeat(12_345)));
    await volume.close();
  });

  it("has the same bytes from another store and place, from the sealed image, and from other layers with the same tree", async () => {
    const first = await sample.write("first");
    const other = await openSample([(await import("./sample.ts")).fullLayers.flat()]);
    const policy = defaultPolicy(sample.image);
    const { sealed } = await seal(other.store, other.image, policy);
    const again = await other.write("again");
    const { store } = other;
    const third = await writeVolume(other.at("third"), {
      store,
      image: sealed.image,
      policy: sealed.statement.policy,
    });
    expect([again.rootHash, third.rootHash]).toEqual([first.rootHash, first.rootHash]);
    const bytes = await readFile(sample.at("first"));
    expect(bytes.equals(await readFile(other.at("again")))).toBe(true);
    expect(bytes.equals(await readFile(other.at("third")))).toBe(true);
    await other.remove();
  });

  it("takes other trees with --path, and says which it cannot", async () => {
    const { seal: only } = await sample.write("only", ["/drouter/local/echo", "/etc"]);
    expect(only.trees).toEqual(["/etc", `${gateway}/local/echo`]);
    const refuse = async (path: string) =>
      sample.write("no", [path]).then(
        () => "written",
        (error) => isFault(error, "VOLUME_UNSUPPORTED"),
      );
    expect(await refuse("/nowhere")).toBe(true);
    expect(await refuse(`${gateway}/temporary`)).toBe(true);
    expect(await refuse("/etc/passwd")).toBe(true);
    expect((await readdir(sample.directory)).filter((name) => name.includes("no"))).toEqual([]);
  });

  it("finds the content of a hard link whose other name was replaced", async () => {
    const [first = [], ...rest] = echoLayers;
    const linked = [
      [...first, "f 0644 0:0 /data old"],
      ...rest,
      [`h 0644 0:0 ${gateway}/local/kept -> /data`],
      ["f 0644 0:0 /data new"],
    ];
    const other = await openSample(linked);
    await other.write("volume");
    const { sealed, changes } = await checkVolume(other.at("volume"));
    expect(sealed.at(`${gateway}/local/kept`)?.digest).toBe(digestOf("old"));
    expect(changes).toEqual([]);
    await other.remove();
  });

  it("names the files of damaged blocks, and refuses to open them", async () => {
    const { fileSystemBytes } = await sample.write("damaged");
    const bytes = await readFile(sample.at("damaged"));
    const at = fileSystemBytes - 4096 - 17;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(sample.at("damaged"), bytes);
    const { changes, damagedBlocks } = await checkVolume(sample.at("damaged"));
    expect(changes.map(({ path, kind }) => [path, kind])).toEqual([
      [`${gateway}/local/size-8192`, "content"],
    ]);
    expect(damagedBlocks).toEqual([Math.floor(at / 4096)]);
    await expect(openVolume(sample.at("damaged"))).rejects.toMatchObject({
      code: "VOLUME_INVALID",
    });
  });
});
