import type { ManagedInstance } from "../manage/instance.ts";
import type { HealthPages } from "../serve/health.ts";

/**
 * The pages of the health port that look at the whole gateway: `/metrics` for Prometheus, and
 * `/drift`, which names every difference from the files, without values. What makes them is loaded
 * when they are asked for.
 */
export function healthPages(instance: () => Promise<ManagedInstance>): HealthPages {
  return {
    "/metrics": {
      type: "text/plain; version=0.0.4; charset=utf-8",
      text: async () => {
        const { measure } = await import("../manage/measure.ts");
        return measure(await instance());
      },
    },
    "/drift": {
      type: "application/json",
      text: async () => {
        const { driftNames } = await import("../manage/drift-names.ts");
        return `${JSON.stringify(driftNames((await instance()).drift()))}\n`;
      },
    },
  };
}
