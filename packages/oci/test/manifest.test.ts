import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mediaTypes } from "../src/image/manifest.ts";
import {
  documentLimit,
  parseConfig,
  parseImageManifest,
  parseIndex,
  parseManifest,
} from "../src/image/manifest-parse.ts";
import { expectFault, faultCodeOf } from "./expectations.ts";

const digest = `sha256:${"a".repeat(64)}`;
const descriptor = { mediaType: mediaTypes.layerGzip, digest, size: 12 };
const manifest = {
  schemaVersion: 2,
  mediaType: mediaTypes.manifest,
  config: { mediaType: mediaTypes.config, digest, size: 2 },
  layers: [descriptor],
  annotations: { note: "x" },
};
const config = {
  architecture: "amd64",
  os: "linux",
  created: "2024-01-01T00:00:00Z",
  config: {
    User: "web",
    Env: ["A=1"],
    Entrypoint: null,
    Labels: { a: "b" },
    Custom: { kept: true },
  },
  rootfs: { type: "layers", diff_ids: [digest] },
  history: [{ created_by: "RUN x" }],
  "com.example.kept": 5,
};

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe("manifests", () => {
  test("a good one", () => {
    expect(parseImageManifest(bytes(manifest))).toEqual(manifest);
    const { mediaType, ...untyped } = manifest;
    expect(parseImageManifest(bytes(untyped)).mediaType).toBe(mediaType);
  });

  test("Docker's own", () => {
    const docker = {
      schemaVersion: 2,
      mediaType: "application/vnd.docker.distribution.manifest.v2+json",
      config: { mediaType: "application/vnd.docker.container.image.v1+json", digest, size: 2 },
      layers: [{ ...descriptor, mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip" }],
    };
    expect(parseImageManifest(bytes(docker)).mediaType).toBe(docker.mediaType);
  });

  test.each<[string, unknown]>([
    ["no JSON", "text"],
    ["a list", []],
    ["version 1", { ...manifest, schemaVersion: 1 }],
    ["another media type", { ...manifest, mediaType: mediaTypes.index }],
    ["no configuration", { ...manifest, config: undefined }],
    ["no layers", { ...manifest, layers: undefined }],
    ["layers that are no list", { ...manifest, layers: {} }],
    ["a negative size", { ...manifest, layers: [{ ...descriptor, size: -1 }] }],
    ["a fractional size", { ...manifest, layers: [{ ...descriptor, size: 1.5 }] }],
    ["a size as text", { ...manifest, layers: [{ ...descriptor, size: "12" }] }],
    ["a short digest", { ...manifest, layers: [{ ...descriptor, digest: "sha256:12" }] }],
    [
      "another algorithm",
      { ...manifest, layers: [{ ...descriptor, digest: `sha512:${"a".repeat(128)}` }] },
    ],
    ["a layer that is a path", { ...manifest, layers: ["../../etc/passwd"] }],
    [
      "a layer of another kind",
      { ...manifest, layers: [{ ...descriptor, mediaType: "text/plain" }] },
    ],
    ["a configuration of another kind", { ...manifest, config: descriptor }],
    ["annotations that are no texts", { ...manifest, annotations: { a: 1 } }],
    ["a subject that is no descriptor", { ...manifest, subject: {} }],
  ])("%s", async (_, value) => {
    const document = value === "text" ? Buffer.from("{") : bytes(value);
    await expectFault("MANIFEST_INVALID", async () => parseImageManifest(document));
  });

  test("sizes and counts are limited", async () => {
    await expectFault("LIMIT_EXCEEDED", async () =>
      parseManifest(Buffer.alloc(documentLimit + 1, 0x20)),
    );
    const many = { ...manifest, layers: Array.from({ length: 5000 }, () => descriptor) };
    await expectFault("LIMIT_EXCEEDED", async () => parseManifest(bytes(many)));
  });

  test("bytes that are no UTF-8 are refused", async () => {
    const document = Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]);
    await expectFault("MANIFEST_INVALID", async () => parseManifest(document));
  });
});

describe("configurations", () => {
  test("a good one; unknown fields are kept, null is left out", () => {
    const parsed = parseConfig(bytes({ ...config, author: null }));
    const { Entrypoint, ...process } = config.config;
    expect(Entrypoint).toBeNull();
    expect(parsed).toEqual({ ...config, config: process });
    expect(parseConfig(bytes({ ...config, config: null, history: null })).config).toBeUndefined();
  });

  test.each<[string, object]>([
    ["no architecture", { ...config, architecture: undefined }],
    ["no rootfs", { ...config, rootfs: undefined }],
    ["another rootfs", { ...config, rootfs: { type: "x", diff_ids: [] } }],
    ["a diff id that is none", { ...config, rootfs: { type: "layers", diff_ids: ["x"] } }],
    ["a user that is a number", { ...config, config: { User: 0 } }],
    ["an environment that is an object", { ...config, config: { Env: {} } }],
    ["a command that is a text", { ...config, config: { Cmd: "sh" } }],
    ["labels that are no texts", { ...config, config: { Labels: { a: 1 } } }],
    ["volumes that are a list", { ...config, config: { Volumes: ["/a"] } }],
    ["a history of texts", { ...config, history: ["x"] }],
  ])("%s", async (_, value) => {
    await expectFault("MANIFEST_INVALID", async () => parseConfig(bytes(value)));
  });
});

test("anything ends in a Fault or is read", async () => {
  const values = fc.oneof(
    fc.json(),
    fc.constantFrom(manifest, config).map((value) => JSON.stringify(value)),
  );
  const edits = fc.tuple(fc.nat(), fc.string({ maxLength: 3 }));
  await fc.assert(
    fc.asyncProperty(values, edits, async (text, [at, insert]) => {
      const place = at % (text.length + 1);
      const document = Buffer.from(text.slice(0, place) + insert + text.slice(place + 1));
      for (const parse of [parseImageManifest, parseManifest, parseIndex, parseConfig]) {
        await faultCodeOf(async () => parse(document));
      }
    }),
    { numRuns: 500 },
  );
});
