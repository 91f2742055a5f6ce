import { digestOf, type Image, mediaTypes, type ProcessConfig } from "@lithify/oci";
import { describe, expect, test } from "vitest";
import { defaultPolicy } from "../src/policy/profiles.ts";
import { configOf } from "./fixture.ts";

/** What the four gateway images, and images made from them, have in their configuration; and others. */
const images: readonly (readonly [string, ProcessConfig, Record<string, string>, string])[] = [
  ["started by drouter, old", { Entrypoint: ["/bin/drouter"] }, {}, "datapower"],
  ["started by drouter, 10.x", { Cmd: ["/opt/ibm/datapower/root/drouter"] }, {}, "datapower"],
  ["user", { User: "drouter" }, {}, "datapower"],
  ["user with a group", { User: "drouter:root" }, {}, "datapower"],
  ["environment", { Env: ["DATAPOWER_ACCEPT_LICENSE=true"] }, {}, "datapower"],
  ["volume, old", { Volumes: { "/drouter/config": {} } }, {}, "datapower"],
  ["volume, 10.x", { Volumes: { "/opt/ibm/datapower/drouter/local": {} } }, {}, "datapower"],
  [
    "base name",
    {},
    { "org.opencontainers.image.base.name": "docker.io/ibmcom/datapower:10" },
    "datapower",
  ],
  [
    "label",
    { Labels: { from: "icr.io/cpopen/datapower/datapower-limited:11.0" } },
    {},
    "datapower",
  ],
  [
    "label, older registry path",
    { Labels: { from: "icr.io/integration/datapower/datapower-limited:1" } },
    {},
    "datapower",
  ],
  [
    "label, entitled",
    { Labels: { from: "cp.icr.io/cp/datapower/datapower-cp4i:1" } },
    {},
    "datapower",
  ],
  ["another user", { User: "drouters" }, {}, "generic"],
  ["another volume", { Volumes: { "/drouters": {} } }, {}, "generic"],
  ["another program", { Entrypoint: ["/bin/not-drouter"] }, {}, "generic"],
  ["nothing", {}, {}, "generic"],
];

describe("defaultPolicy", () => {
  test.each(images)("%s", (_name, config, annotations, profile) => {
    expect(defaultPolicy(imageWith(config, annotations)).profile).toBe(profile);
  });

  test("generic proves for the image's own user and an arbitrary uid with gid 0", () => {
    expect(defaultPolicy(imageWith({}, {}))).toEqual({
      profile: "generic",
      trees: [],
      writable: [],
      identities: ["USER", "1000770000:0"],
    });
  });
});

function imageWith(config: ProcessConfig, annotations: Readonly<Record<string, string>>): Image {
  const descriptor = { mediaType: mediaTypes.config, digest: digestOf(""), size: 0 };
  return {
    digest: digestOf(""),
    descriptor,
    manifest: {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: descriptor,
      layers: [],
      annotations,
    },
    config: configOf(config),
    layers: [],
  };
}
