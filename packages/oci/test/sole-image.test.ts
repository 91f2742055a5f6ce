import { expect, test } from "vitest";
import type { Digest } from "../src/blob/digest.ts";
import { type Descriptor, mediaTypes } from "../src/image/manifest.ts";
import { refNameAnnotation } from "../src/store/layout-index.ts";
import { soleImage } from "../src/transport/sole-image.ts";
import { faultCodeOf } from "./expectations.ts";

const list = `sha256-${"a".repeat(64)}`;

/** `2=name` is manifest 2 with this name, `2` one without, `2!` an artifact. */
function entry(word: string): Descriptor {
  const [number = "", name] = word.replace("!", "").split("=");
  const digest = `sha256:${number.padStart(64, "0")}` as Digest;
  return {
    mediaType: mediaTypes.manifest,
    digest,
    size: 1,
    ...(name === undefined ? {} : { annotations: { [refNameAnnotation]: name } }),
    ...(word.endsWith("!") ? { artifactType: "application/x" } : {}),
  };
}

test.each([
  ["1=a", undefined, "1"],
  ["1", undefined, "1"],
  ["1=a 1=b", undefined, "1"],
  ["1=a 2=b", undefined, "IMAGE_UNKNOWN"],
  ["1=a 2=b", "b", "2"],
  ["1=a 2=b", "c", "IMAGE_UNKNOWN"],
  ["1=a 2!", undefined, "1"],
  ["1=a 2", undefined, "1"],
  ["1 2", undefined, "IMAGE_UNKNOWN"],
  [`1=a 2=${list}`, undefined, "1"],
  [`1=a 2=${list}`, list, "2"],
  ["", undefined, "IMAGE_UNKNOWN"],
  ["1!", undefined, "IMAGE_UNKNOWN"],
])("an index of %s, asked for %s", async (words, tag, wanted) => {
  const index = words.split(" ").filter(Boolean).map(entry);
  let found = "";
  const code = await faultCodeOf(async () => {
    found = soleImage(index, { path: "layout", tag, form: "oci:DIR:TAG" }).digest;
  });
  expect(code ?? found.replace(/^sha256:0*/, "")).toBe(wanted);
});
