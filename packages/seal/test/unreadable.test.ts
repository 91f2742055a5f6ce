import { describe, expect, test } from "vitest";
import { modelOf } from "../src/access/model.ts";
import { auditModel } from "../src/audit/audit.ts";
import { dockerRunLaunch } from "../src/launch/docker-run.ts";
import { launchScans } from "../src/launch/launch-scan.ts";
import { resolveIdentity } from "../src/policy/resolve-identities.ts";
import { configOf, contentsIn, everything, treeOf, type Xattrs } from "./fixture.ts";

/** One thing that an audit has to read and cannot: what the image is like, and the same in good order. */
interface Unreadable {
  readonly path: string;
  readonly bad: Image;
  readonly good: Image;
}

interface Image {
  readonly xattrs?: Xattrs;
  readonly notes?: Readonly<Record<string, string>>;
  readonly passwd?: string;
  readonly group?: string;
  readonly cmd?: readonly string[];
  readonly lines?: readonly string[];
  readonly as?: string;
  readonly run?: string;
}

const acl = (hex: string): Xattrs => ({ "/bin/serve": { "system.posix_acl_access": bytes(hex) } });
const capability = (hex: string): Xattrs => ({
  "/bin/serve": { "security.capability": bytes(hex) },
});
const goodAcl = "0200000001000700ffffffff04000500ffffffff10000500ffffffff20000500ffffffff";
const elf = (text: object) => ({ "/bin/serve": JSON.stringify(text) });
const script = (count: number) =>
  Array.from({ length: count }, (_, at) => `f 0755 0:0 /bin/s${at} #!/bin/s${at + 1}\n`);

const table: Readonly<Record<string, Unreadable>> = {
  "an ACL that ends early": {
    path: "/bin/serve",
    bad: { xattrs: acl("0200000001") },
    good: { xattrs: acl(goodAcl) },
  },
  "an ACL of a version to come": {
    path: "/bin/serve",
    bad: { xattrs: acl("03000000") },
    good: { xattrs: acl(goodAcl) },
  },
  "an ACL of unknown entries": {
    path: "/bin/serve",
    bad: { xattrs: acl(`02000000${"ff".repeat(8)}`) },
    good: { xattrs: acl(goodAcl) },
  },
  "an ACL of nothing": {
    path: "/bin/serve",
    bad: { xattrs: acl("") },
    good: { xattrs: acl(goodAcl) },
  },
  "the ACL of a directory": {
    path: "/bin",
    bad: { xattrs: { "/bin": { "system.posix_acl_access": bytes("02") } } },
    good: { xattrs: { "/bin": { "system.posix_acl_access": bytes(goodAcl) } } },
  },
  "file capabilities that end early": {
    path: "/bin/serve",
    bad: { as: "9:9,nnp=off", xattrs: capability("01000002") },
    good: { as: "9:9,nnp=off", xattrs: capability("0100000200000000000000000000000000000000") },
  },
  "file capabilities of a version to come": {
    path: "/bin/serve",
    bad: { as: "9:9,nnp=off", xattrs: capability("0100000900200000000000000000000000000000") },
    good: { as: "9:9,nnp=off", xattrs: capability("0100000200000000000000000000000000000000") },
  },
  "a malformed line of passwd": {
    path: "/etc/passwd",
    bad: { passwd: "app:x:9" },
    good: { passwd: "app:x:9:9::/:/bin/sh" },
  },
  "a malformed line of group": {
    path: "/etc/group",
    bad: { as: "app", passwd: "app:x:9:9::/:/bin/sh", group: "extra:x:many:app" },
    good: { as: "app", passwd: "app:x:9:9::/:/bin/sh", group: "extra:x:27:app" },
  },
  "a program whose headers lie outside": {
    path: "/bin/serve",
    bad: { notes: elf({ trouble: "it is a malformed ELF file: its header lies outside" }) },
    good: { notes: elf({}) },
  },
  "interpreters of interpreters without an end": {
    path: "/bin/s5",
    bad: { cmd: ["/bin/s0"], lines: script(20) },
    good: { cmd: ["/bin/s0"], lines: ["f 0755 0:0 /bin/s0 #!/bin/serve\n"] },
  },
  "volumes that a line only names": {
    path: "/",
    bad: { run: "docker run --read-only --volumes-from other app" },
    good: { run: "docker run --read-only app" },
  },
  "the value of LD_PRELOAD from elsewhere": {
    path: "/",
    bad: { run: "docker run --read-only -e LD_PRELOAD app" },
    good: { run: "docker run --read-only -e LD_PRELOAD= app" },
  },
};

describe("what cannot be read is not proven, and fails the audit unless it is waived", () => {
  test.each(Object.entries(table))("%s", (_name, { path, bad, good }) => {
    const failed = audited(bad);
    expect(failed.immutable).toBe(false);
    expect(failed.findings.map((one) => `${one.rule} ${one.path}`)).toContain(
      `LI-UNDECIDABLE ${path}`,
    );
    expect(failed.findings.every(({ rule }) => rule === "LI-UNDECIDABLE")).toBe(true);
    const waived = audited(bad, true);
    expect(waived.immutable).toBe(true);
    expect(waived.findings.map(({ waived: by }) => by?.reason)).toContain("looked at by hand");
    expect(audited(good)).toMatchObject({ immutable: true, findings: [] });
  });
});

function audited(image: Image, isWaived = false) {
  const { cmd = ["/bin/serve"], lines = [], xattrs = {}, passwd = "", group = "" } = image;
  const all = ["d 0755 0:0 /etc", "d 0755 0:0 /bin", "f 0755 0:0 /bin/serve x", ...lines];
  const waive = [{ rule: "LI-UNDECIDABLE", reason: "looked at by hand", expires: "2030-01-01" }];
  const accounts = { passwd: `root:x:0:0::/:/bin/sh\n${passwd}`, group };
  const model = modelOf({
    tree: treeOf(all, xattrs),
    config: configOf({ Cmd: [...cmd], User: "9:9", Env: ["PATH=/bin"] }),
    policy: { ...everything, ...(isWaived ? { waive } : {}) },
    accounts,
    contents: contentsIn(all, image.notes),
  });
  const launches = image.run === undefined ? [] : launchScans(model, [dockerRunLaunch(image.run)]);
  const identities = image.run === undefined ? [resolveIdentity(image.as ?? "9:9", accounts)] : [];
  return auditModel(model, identities, new Date("2026-01-01T00:00:00Z"), launches);
}

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex, "hex");
}
