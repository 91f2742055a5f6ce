import { resolveIdentity } from "@lithify/seal";
import { readInRoot } from "../root/rooted-path.ts";
import type { ProcessUser } from "../runtime/runtime-spec.ts";

/** Who `name` is, by the passwd and group files of a root file system. Throws Fault IDENTITY_UNKNOWN. */
export async function userOf(root: string, name: string): Promise<ProcessUser> {
  const [passwd, group] = await Promise.all([
    readInRoot(root, "/etc/passwd"),
    readInRoot(root, "/etc/group"),
  ]);
  const { uid, gid, groups } = resolveIdentity(name, { passwd, group });
  return { uid, gid, groups };
}
