import type { Rule } from "./rule.ts";
import type { RuleCode } from "./rule-codes.ts";
import { add, ancestor, replace, sticky } from "./rules/directories.ts";
import { missing, owner, root, undecidable } from "./rules/identity.ts";
import { link } from "./rules/links.ts";
import { acl, content, hardLink, special } from "./rules/modes.ts";
import { accounts, fileCapability, setId } from "./rules/privilege.ts";
import { entrypoint, searchPath, volume } from "./rules/start.ts";

/** Every rule of the audit by its code, in the order of the report. */
export const ruleTable: Readonly<Record<RuleCode, Rule>> = {
  "LI-ROOT": root,
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
  "LI-HARDLINK": hardLink,
  "LI-LINK": link,
  "LI-VOLUME": volume,
  "LI-SETID": setId,
  "LI-FILECAP": fileCapability,
  "LI-ACCOUNTS": accounts,
  "LI-PATH": searchPath,
  "LI-ENTRYPOINT": entrypoint,
};
