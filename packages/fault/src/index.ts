export { type FaultCode, faultTable } from "./codes.ts";
export {
  Fault,
  type FaultDetails,
  type FaultDocument,
  isFault,
  type Place,
  unreachable,
} from "./fault.ts";
export type { FaultMeaning } from "./meaning.ts";
export { nearestWord, suggestion } from "./nearest-word.ts";
export { redact } from "./redact.ts";
export { visible } from "./visible.ts";
