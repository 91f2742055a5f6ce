/** One rule of a urlrewrite policy: where `pattern` matches, what it looked at is replaced. */
export interface RewriteRule {
  readonly type: "absolute-rewrite" | "content-type" | "header-rewrite" | "post-body";
  readonly pattern: RegExp;
  /** `$1` and `\1` stand for groups; undefined leaves the text as it is. */
  readonly replacement: string | undefined;
  /** The header of a header-rewrite, else "". */
  readonly header: string;
  readonly unescape: boolean;
  readonly normalize: boolean;
}

/** A urlrewrite policy: its rules are applied in order, each to what the one before left. */
export interface UrlRewritePlan {
  readonly direction: "all" | "request" | "response";
  readonly rules: readonly RewriteRule[];
}
