import { expect, test } from "vitest";
import { parseGroup, parsePasswd } from "../src/image/users.ts";

test("passwd", () => {
  const text =
    "root:x:0:0:root:/root:/bin/sh\n\n# note\ndrouter:x:101:0::/home/d:/bin/false\r\nbad:x:1\nneg:x:-1:0:::\n:x:1:1:::\nbig:x:4294967295:0:::\n+nis\n";
  const { entries, malformed } = parsePasswd(text);
  expect(entries).toEqual([
    { line: 1, name: "root", uid: 0, gid: 0, home: "/root", shell: "/bin/sh" },
    { line: 4, name: "drouter", uid: 101, gid: 0, home: "/home/d", shell: "/bin/false" },
  ]);
  expect(malformed.map(({ line }) => line)).toEqual([5, 6, 7, 8, 9]);
  expect(malformed[0]).toEqual({ line: 5, text: "bad:x:1", why: "it has not seven fields" });
});

test("group", () => {
  const { entries, malformed } = parseGroup("root:x:0:\nweb:x:5:a,b,\nbad:x\nworse:x:y:\n");
  expect(entries).toEqual([
    { line: 1, name: "root", gid: 0, members: [] },
    { line: 2, name: "web", gid: 5, members: ["a", "b"] },
  ]);
  expect(malformed.map(({ line }) => line)).toEqual([3, 4]);
});
