import { Fault } from "@lithify/fault";
import type { Digest } from "../blob/digest.ts";

/** What an index may lead to: indexes in indexes and referrers of referrers, and manifests altogether. */
export const reachLimits = { depth: 4, manifests: 10_000 };

/** Manifests that were come by, each once. */
export class Reached {
  readonly #done = new Set<Digest>();

  get size(): number {
    return this.#done.size;
  }

  /** True the first time. Throws Fault LIMIT_EXCEEDED. */
  isNew(digest: Digest, depth: number): boolean {
    if (this.#done.has(digest)) return false;
    if (depth > reachLimits.depth) {
      throw new Fault("LIMIT_EXCEEDED", `index ${digest}`, {
        why: "it lies too deep in other indexes",
        values: { depth: reachLimits.depth },
      });
    }
    this.#done.add(digest);
    if (this.#done.size <= reachLimits.manifests) return true;
    throw new Fault("LIMIT_EXCEEDED", "the manifests that an image leads to", {
      values: { limit: reachLimits.manifests },
    });
  }
}
