import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { treeFromTar } from "@lithify/oci";
import { expect, test } from "vitest";
import { xattrText } from "../src/access/xattr-text.ts";

const acl =
  "0200000001000600ffffffff02000600e803000004000400ffffffff08000500d007000010000700ffffffff20000400ffffffff";

test("ACLs, access and default", () => {
  for (const name of ["system.posix_acl_access", "system.posix_acl_default"])
    expect(xattrText(name, Buffer.from(acl, "hex"))).toBe(
      "user::rw-,user:1000:rw-,group::r--,group:2000:r-x,mask::rwx,other::r--",
    );
});

test("file capabilities, of every version", () => {
  const text = (hex: string) => xattrText("security.capability", Buffer.from(hex, "hex"));
  expect(text("0100000200200000000000000000000000000000")).toBe("cap_net_raw=ep");
  expect(text("0000000200200000002400000000000000000000")).toBe(
    "cap_net_raw=ip cap_net_bind_service=i",
  );
  expect(text("010000030020000000000000000000000000000064000000")).toBe(
    "cap_net_raw=ep [rootid=100]",
  );
});

test("what is neither, or malformed, has none", () => {
  expect(xattrText("user.note", Buffer.from("x"))).toBeUndefined();
  expect(xattrText("security.capability", Buffer.from("x"))).toBeUndefined();
  expect(xattrText("system.posix_acl_access", Buffer.from(acl.slice(0, 20), "hex"))).toBe(
    undefined,
  );
});

const hasTools = ["setcap", "getcap"].every((name) => spawnSync("which", [name]).status === 0);
test.skipIf(process.getuid?.() !== 0 || !hasTools)("as getcap writes them", async () => {
  const directory = mkdtempSync(join(tmpdir(), "lithify-caps-"));
  try {
    const path = join(directory, "program");
    writeFileSync(path, "x");
    for (const wanted of ["cap_chown,cap_kill=ep", "cap_net_raw=p", "cap_setuid=eip"]) {
      expect(spawnSync("setcap", [wanted, path]).status).toBe(0);
      const shown = spawnSync("getcap", [path], { encoding: "utf8" }).stdout.trim();
      const args = ["--xattrs", "--xattrs-include=*", "-C", directory, "-c", "program"];
      const archive = spawnSync("tar", args).stdout;
      const tree = await treeFromTar(Readable.from([archive]));
      const value = tree.at("/program")?.xattrs.get("security.capability") ?? Buffer.alloc(0);
      expect(`${path} ${xattrText("security.capability", value)}`).toBe(shown);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});
