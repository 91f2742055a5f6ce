import type { RuleCode } from "../policy/rule-codes.ts";
import { accounts } from "./accounts.ts";
import { capability } from "./capability.ts";
import { add, ancestor, replace, sticky } from "./directories.ts";
import { missing, owner, root, undecidable } from "./identity.ts";
import { host, mount, namespace, privileged, rootFileSystem } from "./launch.ts";
import { link } from "./links.ts";
import { acl, content, hardLink } from "./modes.ts";
import { fileCapability, setId } from "./privilege.ts";
import type { Rule } from "./rule.ts";
import { device, special } from "./special.ts";
import { entrypoint, loader, profile, runtime, searchPath, volume } from "./start.ts";

/** Every rule of the audit by its code, in the order of the report. */
export const ruleTable: Readonly<Record<RuleCode, Rule>> = {
  "LI-ROOT": root,
  "LI-CAPABILITY": capability,
  "LI-PRIVILEGED": privileged,
  "LI-MOUNT": mount,
  "LI-ROOTFS": rootFileSystem,
  "LI-NAMESPACE": namespace,
  "LI-HOST": host,
  "LI-MISSING": missing,
  "LI-UNDECIDABLE": undecidable,
  "LI-ANCESTOR": ancestor,
  "LI-CONTENT": content,
  "LI-ACL": acl,
  "LI-OWNER": owner,
  "LI-REPLACE": replace,
  "LI-ADD": add,
  "LI-STICKY": sticky,
  "LI-SPECIAL": special,
  "LI-DEVICE": device,
  "LI-HARDLINK": hardLink,
  "LI-LINK": link,
  "LI-VOLUME": volume,
  "LI-SETID": setId,
  "LI-FILECAP": fileCapability,
  "LI-ACCOUNTS": accounts,
  "LI-PATH": searchPath,
  "LI-ENTRYPOINT": entrypoint,
  "LI-LOADER": loader,
  "LI-RUNTIME": runtime,
  "LI-PROFILE": profile,
};
