import { describe, expect, it } from "vitest";
import { renderWritable } from "../src/learn/renderings.ts";
import { parseTrace } from "../src/learn/trace-lines.ts";

const begin = '7 execve("/bin/sh", ["sh"], 0x7ffd /* 3 vars */) = 0';

describe("a line of strace as a write", () => {
  it.each([
    ['7 openat(AT_FDCWD</w>, "a,b\\"c", O_WRONLY|O_CREAT, 0666) = 3</w/a,b"c>', 'create /w/a,b"c'],
    [
      '7 openat(AT_FDCWD</w>, "x", O_WRONLY|O_CREAT, 0666) = -1 EROFS (Read-only file system)',
      "create /w/x EROFS",
    ],
    ['7 openat(AT_FDCWD</w>, "x", O_RDONLY) = 3</w/x>', undefined],
    ['7 openat(AT_FDCWD</w>, "x", O_RDWR) = -1 ENOENT (No such file or directory)', undefined],
    ['7 creat("run/x", 0644) = 3</run/x>', "create /run/x"],
    ['7 mkdirat(5</srv/d>, "new", 0777) = 0', "create /srv/d/new"],
    ['7 unlink("old\\303\\244") = 0', "remove /w/oldä"],
    ['7 symlink("target", "/l") = -1 EACCES (Permission denied)', "create /l EACCES"],
    ['7 chmod("f", 0600) = -1 EPERM (Operation not permitted)', "attributes /w/f EPERM"],
    ['7 stat("f", {st_mode=S_IFREG|0644, ...}) = 0', undefined],
    ["7 --- SIGCHLD {si_signo=SIGCHLD} ---", undefined],
    ["7 +++ exited with 0 +++", undefined],
    ["not a line of strace", undefined],
  ])("%s", (line, expected) => {
    const { started, writes } = parseTrace(`${begin}\n${line}`, "/w");
    const said = writes.map((one) => [one.operation, one.path, one.errno ?? ""].join(" ").trim());
    expect(said).toEqual(expected === undefined ? [] : [expected]);
    expect(started).toBe(true);
  });

  it("follows directories into children, whose calls may stand before the line that names them", () => {
    const text = [
      '7 mkdir("/too-early", 0777) = 0',
      begin,
      '7 chdir("sub") = 0',
      "7 clone(flags=SIGCHLD <unfinished ...>",
      '40 mkdir("child", 0777) = 0',
      "7 <... clone resumed>) = 2 /* 40 in strace's PID NS */",
      '40 rename("a", "../b" <unfinished ...>',
      '7 chdir("/elsewhere") = 0',
      "40 <... rename resumed>) = 0",
    ];
    const { writes } = parseTrace(text.join("\n"), "/w");
    const paths = ["/w/sub/child", "/w/sub/a", "/w/b"];
    expect(writes.map(({ path }) => path)).toEqual(paths);
  });

  it("says when the program never began", () => {
    expect(parseTrace('7 execve("/x", ["x"], 0x1) = -1 ENOENT (No such file)', "/")).toEqual({
      started: false,
      writes: [],
    });
  });
});

describe("renderings", () => {
  it("quote what has to be quoted", () => {
    const { lithify, docker, kubernetes } = renderWritable(["/a b", "/c'd"]);
    expect(lithify).toBe('writable:\n  - "/a b"\n  - "/c\'d"\n');
    expect(docker).toContain("--tmpfs '/a b:rw,noexec,nosuid,nodev,mode=1777'");
    expect(docker).toContain("--tmpfs '/c'\\''d:");
    expect(kubernetes).toContain('mountPath: "/a b"');
    expect(renderWritable([]).lithify).toBe("writable: []\n");
  });
});
