import { Fault } from "@lithify/fault";

/** An error of a system call as a fault, DISK_FULL or STATE_UNUSABLE; everything else as it is. */
export function diskFault(error: unknown, what: string): unknown {
  if (error instanceof Fault || !(error instanceof Error)) return error;
  const { code, syscall, path } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return error;
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return new Fault(isFull ? "DISK_FULL" : "STATE_UNUSABLE", what, {
    why: error.message,
    values: { path: path ?? "" },
    cause: error,
  });
}
