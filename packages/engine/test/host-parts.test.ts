import { mkdir, mkdtemp, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { onLines } from "../src/host/lines.ts";
import { contains, routesOf } from "../src/local/network.ts";
import { openOutputLog, readOutputLog } from "../src/local/output-log.ts";
import { openForwarder } from "../src/local/port-forwarder.ts";
import { isAlive, markOf } from "../src/local/state.ts";
import { followInRoot, makeMountPoint, readInRoot } from "../src/root/rooted-path.ts";

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "lithify-host-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

describe("routes of the machine", () => {
  const routes = routesOf(
    [
      "default via 192.0.2.1 dev eth0 ",
      "10.213.4.0/22 dev tun0 scope link ",
      "local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1 ",
      "broadcast 192.0.2.255 dev eth0 table local ",
      "unreachable 172.16.0.0/12 ",
      "0.0.0.0/1 via 192.0.2.1 dev eth0",
    ].join("\n"),
  );

  it.each([
    ["10.213.4.1", true],
    ["10.213.7.254", true],
    ["10.213.8.1", false],
    ["192.0.2.255", true],
    ["172.31.0.9", true],
    ["203.0.113.1", false],
  ])("%s is taken: %s", (address, expected) => {
    const own = routes.filter(({ prefix }) => prefix > 1);
    expect(own.some((range) => contains(range, address))).toBe(expected);
  });
});

describe("output of an instance", () => {
  const textOf = async (path: string) => {
    let text = "";
    for await (const part of readOutputLog(path, async () => false)) text += part;
    return text;
  };

  it("keeps at most two files, the newest output last", async () => {
    const path = join(directory, "bounded.log");
    const log = openOutputLog(path, 100);
    for (let line = 0; line < 50; line += 1) log.write(Buffer.from(`line ${line}\n`));
    log.close();
    const sizes = await Promise.all(
      [path, `${path}.1`].map(async (name) => (await stat(name)).size),
    );
    for (const size of sizes) expect(size).toBeLessThanOrEqual(100);
    const lines = (await textOf(path)).trimEnd().split("\n");
    expect(lines.at(-1)).toBe("line 49");
    expect(lines).toEqual(lines.map((_, index) => `line ${50 - lines.length + index}`));
  });

  it("follows over a rotation and never cuts a character in two", async () => {
    const path = join(directory, "followed.log");
    const log = openOutputLog(path, 64);
    const bytes = Buffer.from("äöü€𝄞".repeat(8));
    let at = 0;
    const follows = async () => {
      for (let count = 0; count < 5 && at < bytes.length; count += 1, at += 1)
        log.write(bytes.subarray(at, at + 1));
      return at < bytes.length;
    };
    let text = "";
    for await (const part of readOutputLog(path, follows)) text += part;
    log.close();
    expect(text).toBe(bytes.toString("utf8"));
  });

  it("comes as lines, whatever the pieces were", async () => {
    const stream = new PassThrough();
    const lines: string[] = [];
    const done = onLines(stream, (line) => void lines.push(line));
    for (const byte of Buffer.from("one\r\nzwei ä\n\nlast")) stream.write(Buffer.of(byte));
    stream.end(`x${"y".repeat(70_000)}`);
    await done;
    expect(lines.slice(0, 3)).toEqual(["one", "zwei ä", ""]);
    expect(lines.slice(3).join("")).toBe(`lastx${"y".repeat(70_000)}`);
  });
});

describe("published ports", () => {
  it("forwards both directions, each to its own end, and refuses a port in use", async () => {
    const echo = await listening(
      createServer({ allowHalfOpen: true }, (socket) => {
        const parts: Buffer[] = [];
        socket.on("data", (part: Buffer) => parts.push(part));
        socket.on("end", () => socket.end(Buffer.concat(parts)));
      }),
    );
    const forwarder = await openForwarder({ host: "127.0.0.1", port: 0 }, () => portOf(echo));
    const sent = Buffer.alloc(5 << 20, "lithify");
    expect((await exchange(forwarder.port, sent)).equals(sent)).toBe(true);
    await expect(
      openForwarder({ host: "127.0.0.1", port: forwarder.port }, () => portOf(echo)),
    ).rejects.toMatchObject({ code: "PORT_IN_USE", values: { port: forwarder.port } });
    forwarder.close();
    echo.close();
  });

  it("ends the connection when nothing listens behind it", async () => {
    const closed = await listening(createServer());
    const target = portOf(closed);
    await new Promise((resolve) => closed.close(resolve));
    const forwarder = await openForwarder({ host: "127.0.0.1", port: 0 }, () => target);
    await expect(exchange(forwarder.port, Buffer.from("x"))).rejects.toThrow();
    forwarder.close();
  });
});

describe("paths of a container", () => {
  let root: string;
  beforeAll(async () => {
    root = join(directory, "root");
    await mkdir(join(root, "etc"), { recursive: true });
    await writeFile(join(root, "etc/passwd"), "inside\n");
    await symlink("/etc/passwd", join(root, "absolute"));
    await symlink("../../../../../etc/passwd", join(root, "etc/upwards"));
    await symlink("loop", join(root, "loop"));
  });

  it.each(["/etc/passwd", "/absolute", "/etc/upwards", "/etc/../absolute", "/../../etc/passwd"])(
    "%s stays inside",
    async (path) => {
      expect(await readInRoot(root, path)).toBe("inside\n");
    },
  );

  it("knows loops and files that are used as directories", async () => {
    await expect(followInRoot(root, "/loop")).rejects.toMatchObject({ code: "MOUNT_INVALID" });
    await expect(followInRoot(root, "/etc/passwd/x")).rejects.toMatchObject({
      code: "MOUNT_INVALID",
    });
    expect(await readInRoot(root, "/etc/group")).toBe("");
    await expect(readInRoot(root, "/etc/passwd", 3)).rejects.toMatchObject({
      code: "MOUNT_INVALID",
    });
  });

  it("makes what a mount needs, and leaves the times of what was there", async () => {
    await utimes(join(root, "etc"), 1_600_000_000, 1_600_000_000);
    expect(await makeMountPoint(root, "/etc/a/b", "file")).toEqual(["/etc/a", "/etc/a/b"]);
    expect(await readFile(join(root, "etc/a/b"), "utf8")).toBe("");
    expect((await stat(join(root, "etc"))).mtimeMs).toBe(1_600_000_000_000);
    expect(await makeMountPoint(root, "/etc/a", "directory")).toEqual([]);
    await expect(makeMountPoint(root, "/etc/a", "file")).rejects.toMatchObject({
      code: "MOUNT_INVALID",
    });
  });
});

describe("processes", () => {
  it("are known by number and start time", () => {
    const mark = markOf(process.pid);
    expect(mark !== undefined && isAlive(mark)).toBe(true);
    expect(isAlive({ pid: process.pid, startTime: "1" })).toBe(false);
    expect(markOf(2 ** 22 + 1)).toBeUndefined();
  });
});

function listening(server: Server): Promise<Server> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function portOf(server: Server): { readonly host: string; readonly port: number } {
  const address = server.address();
  return {
    host: "127.0.0.1",
    port: typeof address === "object" && address !== null ? address.port : 0,
  };
}

function exchange(port: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    const parts: Buffer[] = [];
    socket.on("data", (part: Buffer) => parts.push(part));
    socket.on("error", reject);
    socket.on("end", () => resolve(Buffer.concat(parts)));
    socket.end(bytes);
  });
}
