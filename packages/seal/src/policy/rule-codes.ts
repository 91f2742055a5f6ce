/** Codes of the audit rules, in the order of the report. Each has a page in docs/rules/. */
export const ruleCodes = [
  "LI-ROOT",
  "LI-CAPABILITY",
  "LI-MISSING",
  "LI-UNDECIDABLE",
  "LI-ANCESTOR",
  "LI-CONTENT",
  "LI-ACL",
  "LI-OWNER",
  "LI-REPLACE",
  "LI-ADD",
  "LI-STICKY",
  "LI-SPECIAL",
  "LI-DEVICE",
  "LI-HARDLINK",
  "LI-LINK",
  "LI-VOLUME",
  "LI-SETID",
  "LI-FILECAP",
  "LI-ACCOUNTS",
  "LI-PATH",
  "LI-ENTRYPOINT",
  "LI-LOADER",
  "LI-RUNTIME",
  "LI-PROFILE",
] as const;

export type RuleCode = (typeof ruleCodes)[number];
