import type { Difference } from "../compare/difference.ts";

/** Differences without values, so that they can be told to anyone. */
export interface DriftNames {
  readonly drifted: boolean;
  readonly differences: readonly {
    readonly domain: string;
    readonly change: Difference["change"];
    /** The object, or `(domain)`. */
    readonly object: string;
    readonly property?: string;
  }[];
}

/** The names of what differs. */
export function driftNames(differences: readonly Difference[]): DriftNames {
  return {
    drifted: differences.length > 0,
    differences: differences.map((each) => {
      const { domain, change } = each;
      if (each.of === "domain") return { domain, change, object: "(domain)" };
      if (each.of === "file") return { domain, change, object: each.file };
      if (each.of === "object") return { domain, change, object: each.object };
      return { domain, change, object: each.object, property: each.property };
    }),
  };
}
