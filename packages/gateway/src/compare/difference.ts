import type { Origin } from "../config/model.ts";
import type { Value } from "../config/values.ts";

/** One difference between two configurations. `was` and `is` have defaults applied. */
export type Difference = {
  readonly domain: string;
  readonly change: "added" | "removed" | "changed";
  /** True for objects that saving writes into every domain. */
  readonly boilerplate: boolean;
} & (
  | { readonly of: "domain" }
  | { readonly of: "object"; readonly object: string; readonly origin: Origin }
  | {
      readonly of: "property";
      readonly object: string;
      readonly property: string;
      readonly was?: Value;
      readonly is?: Value;
      readonly origin: Origin;
    }
  | { readonly of: "file"; readonly file: string; readonly was?: number; readonly is?: number }
);
