import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Image, openStore, type Store } from "@lithify/oci";
import { defaultPolicy } from "../../src/policy/profiles.ts";
import { type WrittenVolume, writeVolume } from "../../src/volume/volume-write.ts";
import { echoConfig, echoLayers, imageOf, type Line, type Xattrs } from "../fixture.ts";

export const gateway = "/opt/ibm/datapower/drouter";

const sizes = [0, 1, 4031, 4032, 4033, 4095, 4096, 4097, 8192, 12_345, 300_000];

/** Everything that a tree can hold: contents of every size around a block, many names, links of both kinds, bytes that are no UTF-8. */
export const fullLayers: readonly (readonly Line[])[] = [
  ...echoLayers,
  [
    ...sizes.map((size) => `f 0664 0:0 ${gateway}/local/size-${size} ${"x".repeat(size)}`),
    `d 0775 0:0 ${gateway}/local/many`,
    ...Array.from(
      { length: 400 },
      (_, n) => `f 0640 0:5 ${gateway}/local/many/${"n".repeat(30)}-${n} ${n}`,
    ),
    `f 0664 0:0 ${gateway}/local/\udcff bytes`,
    `l 0777 101:0 ${gateway}/local/to -> ../config/auto-startup.cfg`,
    `h 0664 0:0 ${gateway}/local/again -> ${gateway}/local/size-12345`,
    `p 0664 0:0 ${gateway}/local/pipe`,
  ],
];

/** User attributes stay, capabilities and ACLs go. */
export const fullXattrs: Xattrs = {
  [`${gateway}/local/size-1`]: {
    "user.note": Buffer.from([0, 1, 255]),
    "trusted.x": Buffer.alloc(0),
  },
};

export interface Sample {
  readonly directory: string;
  readonly store: Store;
  readonly image: Image;
  readonly at: (name: string) => string;
  readonly write: (name: string, paths?: readonly string[]) => Promise<WrittenVolume>;
  readonly remove: () => Promise<void>;
}

/** An image in a store of its own, and a directory for its volumes. */
export async function openSample(layers = fullLayers): Promise<Sample> {
  const directory = await mkdtemp(join(tmpdir(), "lithify-volume-"));
  const store = await openStore(join(directory, "store"));
  const image = await imageOf(store, layers, echoConfig, fullXattrs);
  const at = (name: string) => join(directory, name);
  return {
    ...{ directory, store, image, at },
    write: (name, paths = []) =>
      writeVolume(at(name), { store, image, policy: defaultPolicy(image), paths }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
