import type { ConfigObject } from "../config/model.ts";
import type { Log } from "../log.ts";
import { textOf } from "../plan/properties.ts";

/** Zones by the names that `timezone` gives them; the rules for summer are those of today. */
const zones: Readonly<Record<string, string>> = {
  HST10: "Pacific/Honolulu",
  AKST9AKDT: "America/Anchorage",
  PST8PDT: "America/Los_Angeles",
  MST7MDT: "America/Denver",
  CST6CDT: "America/Chicago",
  EST5EDT: "America/New_York",
  AST4ADT: "America/Halifax",
  UTC: "UTC",
  UTC0: "UTC",
  GMT0BST: "Europe/London",
  "CET-1CEST": "Europe/Berlin",
  "EET-2EEST": "Europe/Athens",
  "MSK-3MSD": "Europe/Moscow",
  "AST-3": "Asia/Riyadh",
  "KRT-5": "Asia/Karachi",
  "IST-5:30": "Asia/Kolkata",
  "NOVST-6NOVDT": "Asia/Novosibirsk",
  "CST-8": "Asia/Shanghai",
  "WST-8": "Australia/Perth",
  "WST-8WDT": "Australia/Perth",
  "JST-9": "Asia/Tokyo",
  "CST-9:30CDT": "Australia/Adelaide",
  "EST-10EDT": "Australia/Sydney",
  "EST-10": "Australia/Brisbane",
};

/**
 * Makes a `timezone` that of this process: what scripts see as local time. One that is not known
 * is said in the log, and changes nothing.
 */
export function useTimezone(object: ConfigObject, log: Log): void {
  const name = textOf(object, "name");
  const zone = Object.hasOwn(zones, name) ? zones[name] : undefined;
  if (zone !== undefined) {
    process.env.TZ = zone;
    return;
  }
  const { file, line } = object.origin;
  const text = `${file}:${line}: the timezone "${name}" is not known here: local time stays as it is`;
  log({ code: "8100003c", category: "mgmt", priority: "warn", text });
}
