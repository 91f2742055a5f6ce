import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Image,
  type Layer,
  openStore,
  type ProcessConfig,
  type Store,
  type TarEntry,
  type TarInput,
  writeTar,
} from "@lithify/oci";

const applets =
  "sh ls cat id sleep touch mkdir rm mv chmod echo httpd wget ln stat env kill true grep printf pwd nc head dd chown mknod find sync";

/** A store of its own in a temporary directory, with an image that holds a static busybox and a small site. */
export interface TestStore {
  readonly store: Store;
  readonly base: Layer;
  /** The base layer, USER web (uid 100, gid 0, also in group games), `httpd` on port 8080 as its command. */
  image(config?: ProcessConfig, more?: readonly Layer[]): Promise<Image>;
  layer(inputs: readonly TarInput[]): Promise<Layer>;
  /** A directory for state, on the same disk. */
  readonly directory: string;
  remove(): Promise<void>;
}

export async function openTestStore(): Promise<TestStore> {
  const directory = await mkdtemp(join(tmpdir(), "lithify-engine-"));
  const store = await openStore(join(directory, "store"));
  const layer = (inputs: readonly TarInput[]) => store.writeLayer(writeTar(inputs));
  const base = await layer(await baseEntries());
  return {
    store,
    base,
    directory,
    layer,
    image: (config = {}, more = []) =>
      store.writeImage({
        config: {
          architecture: "amd64",
          os: "linux",
          config: {
            User: "web",
            Env: ["GREETING=hello"],
            Cmd: ["/bin/httpd", "-f", "-p", "8080", "-h", "/srv"],
            ...config,
          },
        },
        layers: [base, ...more],
      }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

export function entry(
  path: string,
  type: TarEntry["type"],
  more: Partial<TarEntry> = {},
): TarInput {
  const mode = type === "directory" ? 0o755 : 0o644;
  const plain = {
    path,
    type,
    mode,
    uid: 0,
    gid: 0,
    size: 0,
    mtime: 1_700_000_000,
    xattrs: new Map(),
  };
  return { entry: { ...plain, ...more } };
}

export function file(
  path: string,
  content: string | Buffer,
  more: Partial<TarEntry> = {},
): TarInput {
  const body = Buffer.from(content);
  return { ...entry(path, "file", { size: body.length, ...more }), body };
}

async function baseEntries(): Promise<readonly TarInput[]> {
  return [
    entry("bin", "directory"),
    file("bin/busybox", await readFile("/bin/busybox"), { mode: 0o755 }),
    ...applets
      .split(" ")
      .map((name) => entry(`bin/${name}`, "symlink", { target: "busybox", mode: 0o777 })),
    entry("etc", "directory"),
    file("etc/passwd", "root:x:0:0::/root:/bin/sh\nweb:x:100:0::/srv:/bin/sh\n"),
    file("etc/group", "root:x:0:\ngames:x:60:web\n"),
    entry("tmp", "directory", { mode: 0o1777 }),
    entry("srv", "directory", { mode: 0o775 }),
    file("srv/index.html", "still mutable\n", { mode: 0o664 }),
    entry("srv/closed", "directory"),
    file("srv/closed/page", "closed\n"),
  ];
}
