import { Readable } from "node:stream";
import { type TarInput, treeFromTar, writeTar } from "@lithify/oci";
import { describe, expect, test } from "vitest";
import { modelOf } from "../src/access/model.ts";
import { auditModel } from "../src/audit/audit.ts";
import { resolveIdentity } from "../src/policy/resolve-identities.ts";
import { auditText } from "../src/report/text.ts";
import { configOf, everything } from "./fixture.ts";

/** A million where there is time for it: LITHIFY_OBJECTS=1000000. */
const manyObjects = Number(process.env.LITHIFY_OBJECTS ?? "200000");
const common = { uid: 0, gid: 0, mtime: 1, size: 0, xattrs: new Map<string, Uint8Array>() };
const nobody = resolveIdentity("9:9", { passwd: "", group: "" });
const now = new Date("2026-01-01T00:00:00Z");

async function audited(inputs: Iterable<TarInput>) {
  const tree = await treeFromTar(Readable.from(writeTar(inputs)), { digests: false });
  return auditModel(modelOf({ tree, config: configOf(), policy: everything }), [nobody], now);
}

describe("bad and large input", () => {
  test("names with newlines, escapes and bytes that are not UTF-8", async () => {
    const names = ["line\nfeed", "escape\u001b[31m", "bytes\udcff\udc80", "right\u202eleft", " "];
    const inputs = names.map(
      (name): TarInput => ({
        entry: { ...common, path: `data/${name}`, type: "file", mode: 0o666 },
      }),
    );
    const report = await audited(inputs);
    const [finding] = report.findings;
    expect(new Set(finding && [finding.path, ...(finding.alsoPaths ?? [])])).toEqual(
      new Set(names.map((name) => `/data/${name}`)),
    );
    const whole = {
      ...report,
      image: "sha256:x" as never,
      identities: [nobody],
      seconds: 0,
    };
    const lines = auditText(whole, { color: false });
    expect(lines.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    expect(JSON.parse(JSON.stringify(report)).findings).toEqual(report.findings);
  });

  test("a way 1,900 directories deep; a deeper one is refused by the archive's limit", async () => {
    const deep = (depth: number): TarInput[] => [
      { entry: { ...common, path: `${"a/".repeat(depth)}f`, type: "file", mode: 0o666 } },
    ];
    const report = await audited(deep(1900));
    expect(report.objects).toBe(1902);
    expect(report.findings.map(({ rule }) => rule)).toEqual(["LI-CONTENT"]);
    await expect(audited(deep(10_000))).rejects.toThrow(
      expect.objectContaining({ code: "LIMIT_EXCEEDED" }),
    );
  });

  test("loops of links lead nowhere, and are no way out", async () => {
    const links = [
      ["a", "b"],
      ["b", "a"],
      ["self", "self"],
      ["long", "x/".repeat(2000)],
    ];
    const report = await audited(
      links.map(([path = "", target = ""]) => ({
        entry: { ...common, path, target, type: "symlink", mode: 0o777 },
      })),
    );
    expect(report.findings).toEqual([]);
  });

  test("an ACL that nobody can read is never immutable", async () => {
    for (const hex of ["", "02", "0200000001", "03000000", `02000000${"ff".repeat(8)}`]) {
      const xattrs = new Map([["system.posix_acl_access", Buffer.from(hex, "hex")]]);
      const report = await audited([
        { entry: { ...common, xattrs, path: "f", type: "file", mode: 0o644 } },
      ]);
      expect([hex, report.immutable]).toEqual([hex, false]);
    }
  });

  test(`${manyObjects} objects, of which one is open`, async () => {
    function* inputs(): Iterable<TarInput> {
      for (let index = 0; index < manyObjects; index++) {
        const isDirectory = index % 100 === 0;
        const directory = `d${Math.floor(index / 100)}`;
        const path = isDirectory ? directory : `${directory}/f${index}`;
        const mode = isDirectory ? 0o755 : index === 77_777 ? 0o666 : 0o644;
        yield { entry: { ...common, path, type: isDirectory ? "directory" : "file", mode } };
      }
    }
    const report = await audited(inputs());
    expect(report.objects).toBe(manyObjects + 1);
    expect(report.findings.map(({ rule, path, alsoPaths }) => [rule, path, alsoPaths])).toEqual([
      ["LI-CONTENT", "/d777/f77777", undefined],
    ]);
  }, 300_000);

  test("200,000 open objects are one finding", async () => {
    function* inputs(): Iterable<TarInput> {
      for (let index = 0; index < 200_000; index++) {
        yield { entry: { ...common, path: `data/f${index}`, type: "file", mode: 0o666 } };
      }
    }
    const report = await audited(inputs());
    expect(report.findings).toHaveLength(1);
    expect(report.findings[0]?.alsoPaths).toHaveLength(199_999);
    expect(report.worst[0]?.objects).toBe(200_000);
  }, 300_000);
});
