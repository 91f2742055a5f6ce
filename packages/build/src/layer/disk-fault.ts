import { Fault, isFault } from "@lithify/fault";

/** What went wrong while temporary files were written, as a fault: a full disk, missing rights. Others stay as they are. */
export function diskFault(error: unknown, what: string): unknown {
  if (isFault(error)) return error;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === "ENOSPC" || code === "EDQUOT")
    return new Fault("STORE_FULL", what, { why: code, cause: error });
  if (code === "EACCES" || code === "EROFS" || code === "EPERM")
    return new Fault("STORE_UNREADABLE", what, { why: code, cause: error });
  return error;
}
