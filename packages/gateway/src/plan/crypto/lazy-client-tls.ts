import { requirePart } from "../../require-part.ts";
import type { readClientProfile, readOlderClientProfile } from "./client-profile.ts";

const require = requirePart(import.meta.url);

/** `readClientProfile`, loaded when the first profile of a client is read: it takes its time. */
export const readClientTls: typeof readClientProfile = (...given) =>
  room().readClientProfile(...given);

/** `readOlderClientProfile`, in the same way. */
export const readOlderClientTls: typeof readOlderClientProfile = (...given) =>
  room().readOlderClientProfile(...given);

function room(): typeof import("./client-profile.ts") {
  return require("./client-profile.ts") as typeof import("./client-profile.ts");
}
