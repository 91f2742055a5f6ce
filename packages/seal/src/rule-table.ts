import type { Rule } from "./rule.ts";
import type { RuleCode } from "./rule-codes.ts";
import { accounts } from "./rules/accounts.ts";
import { capability } from "./rules/capability.ts";
import { add, ancestor, replace, sticky } from "./rules/directories.ts";
import { missing, owner, root, undecidable } from "./rules/identity.ts";
import { link } from "./rules/links.ts";
import { acl, content, hardLink } from "./rules/modes.ts";
import { fileCapability, setId } from "./rules/privilege.ts";
import { device, special } from "./rules/special.ts";
import { entrypoint, loader, profile, runtime, searchPath, volume } from "./rules/start.ts";

/** Every rule of the audit by its code, in the order of the report. */
export const ruleTable: Readonly<Record<RuleCode, Rule>> = {
  "LI-ROOT": root,
  "LI-CAPABILITY": capability,
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
