import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Digest } from "../src/blob/digest.ts";
import { type Descriptor, mediaTypes, type Platform } from "../src/image/manifest.ts";
import { memberFor } from "../src/image/platform.ts";
import { openStore } from "../src/store/layout-store.ts";
import { copyBetween } from "../src/transport/copy.ts";
import { openImageAt, openImageSink, openImageSource } from "../src/transport/transport.ts";
import { archiveOf, fileOf, inPieces } from "./archives.ts";
import { expectFault, faultCodeOf, withDirectory } from "./expectations.ts";

const text = readFileSync(new URL("cases/platforms.txt", import.meta.url), "utf8");
const cases = text
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => line.split("|").map((part) => part.trim()) as [string, string, string]);

function platformOf(words: string): Platform {
  const [os = "", architecture = "", variant] = words.split("/");
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

function memberOf(word: string, number: number): Descriptor {
  const digest = `sha256:${String(number).padStart(64, "0")}` as Digest;
  const mediaType = word === "index" ? mediaTypes.index : mediaTypes.manifest;
  const isSilent = word === "-" || word === "index";
  return { mediaType, digest, size: 1, ...(isSilent ? {} : { platform: platformOf(word) }) };
}

test.each(cases)("%s of %s", async (wanted, words, chosen) => {
  const members = words === "" ? [] : words.split(" ").map(memberOf);
  const platform = platformOf(wanted === "-" ? "linux/amd64" : wanted);
  let found = -1;
  const code = await faultCodeOf(async () => {
    found = members.indexOf(memberFor(members, platform, "web"));
  });
  expect(code ?? String(found)).toBe(chosen);
});

test("an image that is in no index must be for the platform that is asked for", () =>
  withDirectory(async (directory) => {
    const own = await openStore(join(directory, "own"));
    const layers = [await own.writeLayer(inPieces(await archiveOf([fileOf("a", "a")])))];
    const config = { os: "linux", architecture: "arm64", variant: "v8" };
    const image = await own.writeImage({ config, layers });
    await own.tag("web:1", image);
    for (const [words, wanted] of [
      ["linux/arm64", undefined],
      ["linux/arm64/v8", undefined],
      ["linux/amd64", "IMAGE_UNKNOWN"],
      ["windows/arm64", "IMAGE_UNKNOWN"],
    ] as const) {
      const platform = platformOf(words);
      const source = await openImageSource("web:1", { own });
      const sink = await openImageSink(`oci:${directory}/to:1`, { own });
      expect(await faultCodeOf(() => copyBetween(source, sink, { platform }))).toBe(wanted);
      expect(await faultCodeOf(() => openImageAt("web:1", own, { platform }))).toBe(wanted);
    }
    expect((await openImageAt("web:1", own)).image.digest).toBe(image.digest);
    const source = await openImageSource("web:1", { own });
    const archive = await openImageSink(`docker-archive:${directory}/a.tar:web`, { own });
    await copyBetween(source, archive, { all: true });
    await expectFault("REFERENCE_INVALID", () =>
      openImageSink(`docker-archive:${directory}/b.tar:web@${image.digest}`, { own }),
    );
  }));
