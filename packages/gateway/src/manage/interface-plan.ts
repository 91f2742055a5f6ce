import type { ConfigObject } from "../config/model.ts";

/** Which objects are interfaces: class and command word. */
export const interfaceKinds = {
  rest: ["RestMgmtInterface", "rest-mgmt"],
  page: ["WebGUI", "web-mgmt"],
} as const;

/** One management interface that is enabled. */
export interface InterfacePlan {
  readonly of: keyof typeof interfaceKinds;
  /** As messages name it, with file and line. */
  readonly label: string;
  readonly address: string;
  readonly port: number;
  /** True when it has a TLS profile of its own, false for a certificate made in memory. */
  readonly hasProfile: boolean;
  /** Why it cannot be opened. */
  readonly unserved?: string;
}

/** True for an interface that names a profile: then that one is used, or none. */
export function hasProfile(object: ConfigObject): boolean {
  return object.lines.some(
    ({ name, negated, arguments: [value = ""] }) =>
      ["ssl-server", "ssl-sni-server", "ssl"].includes(name) && !negated && value !== "",
  );
}
