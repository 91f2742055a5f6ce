export type { Change, ChangeClass } from "./change.ts";
