import { Fault, isFault } from "@lithify/fault";
import type { Identity } from "../identity/identity.ts";
import type { Accounts } from "../identity/image-user.ts";
import { boundingOf, securityContextIdentity } from "../identity/kubernetes-identity.ts";
import { resolveIdentity } from "../policy/resolve-identities.ts";
import type { Launch } from "./launch.ts";

/**
 * Who the process is that the engine starts. Docker gives a user other than root no effective capabilities,
 * also with --cap-add [tried]; what is added is in the bounding set. Throws Fault IDENTITY_UNKNOWN with the place.
 */
export function launchIdentity(
  launch: Launch,
  image: { readonly accounts: Accounts; readonly user: string },
): Identity {
  try {
    return { ...identityOf(launch, image), name: launch.name };
  } catch (error) {
    if (!isFault(error, "IDENTITY_UNKNOWN")) throw error;
    throw new Fault("IDENTITY_UNKNOWN", `the user of ${launch.name}`, {
      why: error.why ?? error.what,
      hint: error.hint,
      place: launch.userPlace,
      cause: error,
    });
  }
}

function identityOf(
  { user }: Launch,
  image: { readonly accounts: Accounts; readonly user: string },
): Identity {
  if (user.by === "kubernetes") return securityContextIdentity(user.context, image);
  const name = user.user ?? (image.user === "" ? "root" : image.user);
  const groups = user.groups.length === 0 ? "" : `+${user.groups.join(",")}`;
  const plain = resolveIdentity(name + groups, image.accounts, image.user);
  const bounding = boundingOf(user.context);
  return {
    ...plain,
    capabilities: plain.uid === 0 ? bounding : [],
    bounding,
    noNewPrivileges: user.noNewPrivileges,
  };
}
