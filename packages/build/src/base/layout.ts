import type { Draft } from "../copy/draft.ts";
import { contentOf, directoryEntry, noXattrs } from "../layer/entry.ts";
import { programMain } from "./gateway-program.ts";

/** The user that the gateway runs as: no root, and a member of group 0, as in IBM's image. */
export const gatewayUser = { name: "drouter", uid: 101, gid: 0 } as const;

/** Where the gateway is: its manifest, its data, and its program. */
export const gatewayPath = "opt/lithify/gateway";
export const programPath = `${gatewayPath}/program`;
/** Libraries of npm, found from the program above. */
export const librariesPath = "opt/lithify/node_modules";
export const nodePath = "usr/local/bin/node";

/**
 * How the C library's heap is kept small, in the image's environment: one heap for all threads of
 * a process, and pieces from 16 KiB on, of which compilers use many for a moment, given back at once.
 */
export const heapVariables: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: "1",
  MALLOC_MMAP_THRESHOLD_: "16384",
  MALLOC_MMAP_MAX_: "4096",
};

const home = "opt/ibm/datapower";
const root = { uid: 0, gid: 0 };

/** Directories: path, mode, and whether they belong to the gateway's user. */
const directories: readonly (readonly [string, number, "root" | "gateway"])[] = [
  ["opt/ibm/datapower", 0o755, "root"],
  // Group 0 may write here, so that a mutable gateway can save its configuration: what sealing takes away.
  [`${home}/drouter`, 0o755, "root"],
  [`${home}/drouter/config`, 0o775, "root"],
  [`${home}/drouter/local`, 0o775, "root"],
  [`${home}/drouter/temporary`, 0o770, "gateway"],
  [`${home}/drouter/logtemp`, 0o770, "gateway"],
  [`${home}/drouter/secure`, 0o755, "root"],
  [`${home}/root`, 0o755, "root"],
  [`${home}/root/secure`, 0o755, "root"],
  [`${home}/root/secure/usrcerts`, 0o755, "root"],
  [`${home}/root/secure/sharedcerts`, 0o755, "root"],
  // The old layout has certificates below /root, where the gateway's user must be able to look.
  ["root", 0o755, "root"],
  ["tmp", 0o1777, "root"],
];

/** Old and new places lead to the same directories. */
const links: readonly (readonly [string, string])[] = [
  ["drouter", `${home}/drouter`],
  [`${home}/drouter/secure/usrcerts`, "../../root/secure/usrcerts"],
  [`${home}/drouter/secure/sharedcerts`, "../../root/secure/sharedcerts"],
  ["root/secure", "../opt/ibm/datapower/root/secure"],
  [`${home}/root/drouter`, "/bin/drouter"],
];

const setUser = `#!/bin/sh
# set-user NAME: gives NAME the directories that a gateway must write while it runs, and nothing else.
# Running it again changes nothing.
set -eu
name="\${1:-${gatewayUser.name}}"
if ! id -u "$name" >/dev/null 2>&1; then
  echo "set-user: there is no user $name" >&2
  exit 1
fi
for directory in /${home}/drouter/temporary /${home}/drouter/logtemp; do
  find "$directory" ! -user "$name" -exec chown -h "$name:root" {} +
done
`;

/** Text files: path, mode, content. */
function textFiles(): readonly (readonly [string, number, string])[] {
  const { name, uid, gid } = gatewayUser;
  return [
    [
      "etc/passwd",
      0o644,
      `root:x:0:0:root:/root:/bin/sh\n${name}:x:${uid}:${gid}:gateway:/${home}/drouter:/bin/sh\n` +
        "nobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
    ],
    ["etc/group", 0o644, `root:x:0:${name}\n${name}:x:${uid}:\ntty:x:5:\nnogroup:x:65534:\n`],
    ["etc/nsswitch.conf", 0o644, "passwd: files\ngroup: files\nhosts: files dns\n"],
    ["usr/local/bin/set-user", 0o755, setUser],
    ["bin/drouter", 0o755, `#!/bin/sh\nexec /${nodePath} /${programPath}/${programMain} "$@"\n`],
  ];
}

/** Users, directories, links and commands of the image, put over the distribution's files. */
export function layOut(draft: Draft): void {
  for (const [path, mode, owner] of directories) {
    const { uid, gid } = owner === "gateway" ? gatewayUser : root;
    draft.makeDirectories(path);
    draft.put(directoryEntry(path, mode, { uid, gid }));
  }
  for (const [path, target] of links)
    draft.putThroughLinks({
      ...{ path, type: "symlink", mode: 0o777, ...root, size: 0, target, xattrs: noXattrs },
    });
  for (const [path, mode, text] of textFiles()) putText(draft, path, text, mode);
}

/** A file of root with this text. */
export function putText(draft: Draft, path: string, text: string, mode = 0o644): void {
  const bytes = Buffer.from(text);
  draft.putThroughLinks({
    ...{ path, type: "file", mode, ...root, size: bytes.length, xattrs: noXattrs },
    content: contentOf(bytes),
  });
}
