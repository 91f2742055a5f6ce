import { type Fault, isFault } from "@lithify/fault";
import { type Image, replayLayers, type Store } from "@lithify/oci";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { audit } from "../src/audit/audit.ts";
import { parsePolicy } from "../src/policy/parse.ts";
import { planSeal } from "../src/sealing/plan.ts";
import { seal } from "../src/sealing/seal.ts";
import { readCases } from "./case-file.ts";
import { imageOf, temporaryStore } from "./fixture.ts";

let store: Store;
let remove: () => Promise<void>;
beforeAll(async () => {
  ({ store, remove } = await temporaryStore());
});
afterAll(() => remove());

describe("planSeal and seal", () => {
  const cases = readCases("plan").map((each) => [each.name, each] as const);
  test.each(cases)("%s", async (_name, each) => {
    const image = await imageOf(store, each.layers, each.config, each.xattrs);
    const plan = await planSeal(image, each.policy);
    const rows = plan.layers.map((row) => `${row.action} ${row.objects}`);
    expect(rows).toEqual(each.section("plan"));
    const added = plan.added.map(
      ({ node }) => `${modeOf(node.mode)} ${node.uid}:${node.gid} ${node.path}`,
    );
    if (each.section("added").length > 0) expect(added).toEqual(each.section("added"));
    const { sealed } = await seal(store, image, each.policy);
    const tree = await replayLayers(sealed.image.layers);
    for (const line of each.section("after")) {
      const path = line.split(" ")[2] ?? "";
      const node = tree.at(path);
      expect(`${modeOf(node?.mode ?? 0)} ${node?.uid}:${node?.gid} ${path}`).toBe(line);
      expect([...(node?.xattrs.keys() ?? [])]).toEqual([]);
    }
    const { findings } = await audit(sealed.image, {
      policy: each.policy,
      identities: ["9:9", "9:8", "5:0"],
    });
    expect(findings).toEqual([]);
  });

  test("a few small files in a large layer are added again", async () => {
    const noise = Array.from({ length: 4000 }, (_, index) =>
      ((index * 2654435761) >>> 0).toString(36),
    );
    const image = await imageOf(store, [
      ["d 0755 0:0 /a", `f 0644 0:0 /a/large ${noise.join("")}`, "f 0664 0:0 /a/small content"],
    ]);
    const policy = parsePolicy("version: 1\nuser: '9:9'", "f");
    const plan = await planSeal(image, policy);
    expect(plan.layers[0]).toMatchObject({
      action: "files",
      objects: 1,
      bytesAdded: 1024,
      bytesRewritten: 0,
    });
    const { sealed } = await seal(store, image, policy);
    expect(sealed.image.layers).toHaveLength(2);
    expect(sealed.image.layers[0]?.digest).toBe(image.layers[0]?.digest);
    const before = await replayLayers(image.layers);
    expect(sealed.tree.at("/a/small")?.digest).toBe(before.at("/a/small")?.digest);
    expect(sealed.tree.at("/a/small")?.mode).toBe(0o644);
  });

  test("rewriting adds no byte to any archive", async () => {
    const image = await imageOf(store, [["d 0775 0:0 /a", "f 0664 0:0 /a/file some content"]]);
    const { sealed, bytesAdded } = await seal(
      store,
      image,
      parsePolicy("version: 1\nuser: '9:9'", "f"),
    );
    expect(bytesAdded).toBe(0);
    expect(await archiveSize(sealed.image)).toBe(await archiveSize(image));
  });
});

/** policy, layer, config => part of the reason */
const conflicts: readonly (readonly [string, string, readonly string[], string])[] = [
  ["the image runs as root", "", ["d 0755 0:0 /a"], "would run as root"],
  ["the user is root by number", "user: '0:5'", ["d 0755 0:0 /a"], "would run as root"],
  [
    "a protected tree is missing",
    "user: '9:9'\nprotect: [{path: /b}]",
    ["d 0755 0:0 /a"],
    "not a directory",
  ],
  [
    "writable inside protected",
    "user: '9:9'\nprotect: [{path: /a}]\nwritable: [/a/b]",
    ["d 0755 0:0 /a"],
    "inside a protected",
  ],
  [
    "protected inside writable",
    "user: '9:9'\nprotect: [{path: /a/b}]\nwritable: [/a]",
    ["d 0755 0:0 /a", "d 0755 0:0 /a/b"],
    "holds a protected",
  ],
  ["everything writable", "user: '9:9'\nwritable: [/]", ["d 0755 0:0 /a"], "holds a protected"],
  [
    "writable is a file",
    "user: '9:9'\nwritable: [/a/f]",
    ["d 0755 0:0 /a", "f 0644 0:0 /a/f x"],
    "not a directory",
  ],
  [
    "modes nobody can read",
    "user: '9:9'\nprotect: [{path: /a, files: '0600'}]",
    ["d 0755 0:0 /a", "f 0644 0:0 /a/f x"],
    "could no longer read /a/f",
  ],
  [
    "closed directories",
    "user: '9:9'\nprotect: [{path: /a, directories: '0700'}]",
    ["d 0755 0:0 /a"],
    "could no longer read /a",
  ],
];

describe("conflicts", () => {
  test.each(conflicts)("%s", async (_name, policy, layer, why) => {
    const image = await imageOf(store, [layer]);
    const fault = await refusal(seal(store, image, parsePolicy(`version: 1\n${policy}`, "f")));
    expect(fault.code).toBe("SEAL_CONFLICT");
    expect(fault.why).toContain(why);
    expect(fault.hint).not.toBe("");
  });

  test("the entrypoint keeps its execute bits", async () => {
    const policy = parsePolicy("version: 1\nuser: '9:9'\nprotect: [{path: /app}]", "f");
    const layer = ["d 0755 0:0 /app", "f 0755 0:0 /app/start x"];
    const image = await imageOf(store, [layer], { Entrypoint: ["/app/start"] });
    const fault = await refusal(seal(store, image, policy));
    expect(fault.why).toContain("could no longer enter or execute /app/start");
  });

  test("a hard link into a lower layer, whose header would set the mode back", async () => {
    const layers = [["d 0755 0:0 /a", "f 0666 0:0 /a/file x"], ["h 0666 0:0 /a/link -> /a/file"]];
    const image = await imageOf(store, layers);
    const fault = await refusal(seal(store, image, parsePolicy("version: 1\nuser: '9:9'", "f")));
    expect(fault.code).toBe("SEAL_CONFLICT");
    expect(fault.hint).toContain("hard link across layers");
  });

  test("a user that the image does not have", async () => {
    const image = await imageOf(store, [["d 0755 0:0 /a"]]);
    const fault = await refusal(seal(store, image, parsePolicy("version: 1\nuser: nobody", "f")));
    expect(fault.code).toBe("IDENTITY_UNKNOWN");
  });
});

async function refusal(work: Promise<unknown>): Promise<Fault> {
  try {
    await work;
  } catch (error) {
    if (isFault(error)) return error;
    throw error;
  }
  throw new Error("it was done");
}

async function archiveSize(image: Image): Promise<number> {
  let size = 0;
  for (const layer of image.layers)
    for await (const chunk of layer.uncompressed()) size += chunk.length;
  return size;
}

function modeOf(mode: number): string {
  return mode.toString(8).padStart(4, "0");
}
