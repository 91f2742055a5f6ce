export { type FaultCode, type FaultMeaning, faultTable } from "./codes.ts";
export {
  Fault,
  type FaultDetails,
  type FaultDocument,
  isFault,
  type Place,
  unreachable,
} from "./fault.ts";
export { redact } from "./redact.ts";
