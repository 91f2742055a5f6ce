import { describe, expect, test } from "vitest";
import { decide, fits } from "../src/access/decide.ts";
import { attemptsFor, sampleLimit } from "../src/audit/attempts.ts";
import { sideLimit } from "../src/audit/side-attempts.ts";
import { standInsFor } from "../src/audit/stand-ins.ts";
import { identity, model } from "./fixture.ts";

const lines = [
  "d 0755 0:0 /app",
  "d 0755 0:0 /app/config",
  "f 0644 0:0 /app/config/file x",
  "l 0777 0:0 /app/config/dangling -> nothing",
  "l 0777 0:0 /app/config/fine -> file",
  "d 0755 0:0 /etc",
  "f 0644 0:0 /etc/hosts x",
  "f 0644 0:0 /etc/other x",
  "f 0666 0:0 /etc/open x",
  "p 0644 0:0 /etc/pipe",
  "d 0755 0:0 /proc",
  "d 1777 0:0 /tmp",
  "f 0666 0:0 /tmp/mine x",
];
const policy = {
  trees: [{ path: "/app/config", directories: 0o755, files: 0o644 }],
  writable: ["/tmp"],
};
const who = identity(9, 0);

describe("attemptsFor", () => {
  const access = model(lines, { policy });
  const attempts = [...attemptsFor(access, who)];
  const on = (path: string) =>
    attempts
      .filter((attempt) => attempt.path === path)
      .map((attempt) => `${attempt.operation} ${attempt.route}`);

  test("tries every operation on every object of the strict trees", () => {
    expect(on("/app/config")).toEqual([
      "create add",
      "mkdir add",
      "symlink add",
      "tmpfile-link tmpfile-link",
      "rename replace",
      "chmod chmod",
      "chgrp chown",
      "utimes times",
      "set-attribute attribute",
      "remove-acl acl-change",
      "same-flags inode-flags",
    ]);
    expect(on("/app/config/file")).toEqual([
      "open-write content",
      "rename replace",
      "chmod chmod",
      "chgrp chown",
      "utimes times",
      "link hard-link-out",
      "set-attribute attribute",
      "remove-acl acl-change",
      "same-flags inode-flags",
    ]);
    expect(on("/app/config/dangling")[0]).toBe("link-target link-target");
    expect(on("/app/config/fine")).toEqual(["rename replace", "chgrp chown", "utimes times"]);
  });

  test("tries the directories above them, and leaves alone what an engine mounts or the policy lets write", () => {
    expect(on("/app")).toContain("rename swap-ancestor");
    expect(on("/etc/pipe")).toContain("access-write special");
    expect(on("/etc/open")).toContain("open-write content");
    expect(["/etc/hosts", "/proc", "/tmp", "/tmp/mine"].flatMap(on)).toEqual([]);
    expect(on("/")).not.toContain("rename replace");
  });

  test("every attempt fits its object, and expects what the model decides", () => {
    for (const { operation, path, expected } of attempts) {
      const node = access.tree.at(path);
      expect(node !== undefined && fits(operation, node)).toBe(true);
      expect(expected).toBe(decide(access, who, operation, path).answer);
    }
  });

  test("of many files that nobody can change it tries a sample, of those that can be changed all", () => {
    const many = Array.from(
      { length: 5000 },
      (_, index) => `f ${index % 10 === 0 ? "0664" : "0644"} 0:0 /lib/${index} x`,
    );
    const large = model(["d 0755 0:0 /lib", ...many]);
    const opened = [...attemptsFor(large, who)].filter(
      (attempt) => attempt.operation === "open-write",
    );
    expect(opened.filter((attempt) => attempt.expected === "allowed")).toHaveLength(500);
    const denied = opened.filter((attempt) => attempt.expected === "denied").length;
    expect(denied).toBeGreaterThan(sampleLimit / 2);
    expect(denied).toBeLessThanOrEqual(sampleLimit);
    const linked = [...attemptsFor(large, who)].filter(({ operation }) => operation === "link");
    const allowed = linked.filter(({ expected }) => expected === "allowed");
    expect(linked.length).toBeGreaterThan(sideLimit);
    expect([allowed.length, linked.length <= 2 * sideLimit]).toEqual([0, true]);
  });

  test("tries an entry in each volume that the policy does not let write, there or not", () => {
    const config = { Volumes: { "/data": {}, "/none": {}, "/tmp/kept": {}, "/etc/file": {} } };
    const image = ["d 0777 0:0 /data", "d 0755 0:0 /etc", "f 0644 0:0 /etc/file x"];
    const attempts = [...attemptsFor(model(image, { policy, config }), who)];
    const volumes = attempts.filter(({ route }) => route === "volume");
    expect(volumes.map(({ path, expected }) => [path, expected])).toEqual([
      ["/data", "allowed"],
      ["/none", "unknown"],
    ]);
  });
});

describe("standInsFor", () => {
  const capable = Buffer.from("010000020a000000000000000000000000000000", "hex");
  const programs = [
    "d 0755 0:0 /bin",
    "f 4755 0:0 /bin/mount x",
    "f 4755 0:0 /bin/su x",
    "f 2755 0:5 /bin/wall x",
    "f 4700 0:0 /bin/shut x",
    "f 0755 0:0 /bin/capable x",
    "f 0664 0:5 /bin/of-five x",
  ];
  const xattrs = { "/bin/capable": { "security.capability": capable } };
  const access = model(programs, { xattrs });
  const kinds = (noNewPrivileges: boolean) =>
    standInsFor(access, { ...who, noNewPrivileges }).map(
      ({ path, expected, gained: { uid, gid } }) => `${path} ${expected} ${uid}:${gid}`,
    );

  test("has one program of each kind, which no_new_privs holds back", () => {
    expect(kinds(true)).toEqual([
      "/bin/mount denied 9:0",
      "/bin/wall denied 9:0",
      "/bin/capable denied 9:0",
    ]);
    expect(kinds(false)).toEqual([
      "/bin/mount allowed 0:0",
      "/bin/wall allowed 9:5",
      "/bin/capable allowed 9:0",
    ]);
  });

  test("gives capabilities within the bounding set, and none where one is outside it", () => {
    const bounded = { ...who, noNewPrivileges: false, bounding: ["CAP_FOWNER"] };
    expect(standInsFor(access, bounded).map(({ path }) => path)).not.toContain("/bin/capable");
    const [first] = standInsFor(access, bounded);
    expect(first?.gained.capabilities).toEqual(["CAP_FOWNER"]);
    expect(standInsFor(access, { ...who, uid: 0 })).toEqual([]);
  });
});
