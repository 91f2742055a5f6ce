import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { isFault } from "@lithify/fault";
import type { Image, Store } from "@lithify/oci";
import { defaultPolicy, openSealed, type Policy, parsePolicy } from "@lithify/seal";
import type { Context } from "./context.ts";
import { readText } from "./read-text.ts";

/** A policy and where it came from, in words. */
export interface FoundPolicy {
  readonly policy: Policy;
  readonly source: string;
}

/**
 * The policy for an image: the file that is named, else the one of its seal (unless it is to be sealed anew),
 * else `lithify.yaml` in the working directory, else the profile that fits the image.
 * @throws Fault POLICY_INVALID, USAGE, SEAL_INVALID
 */
export async function policyFor(
  context: Context,
  from: { readonly image: Image; readonly store: Store },
  options: { readonly file: string | undefined; readonly forSealing?: boolean },
): Promise<FoundPolicy> {
  if (options.file !== undefined) return fromFile(context, options.file);
  if (options.forSealing !== true) {
    const sealed = await policyOfSeal(from);
    if (sealed !== undefined) return { policy: sealed, source: "the image's seal" };
  }
  if (existsSync(resolve(context.cwd, "lithify.yaml"))) return fromFile(context, "lithify.yaml");
  const policy = defaultPolicy(from.image);
  return { policy, source: `profile ${policy.profile}` };
}

async function fromFile(context: Context, file: string): Promise<FoundPolicy> {
  const text = await readText(resolve(context.cwd, file), "the policy");
  return { policy: await parsePolicy(text, file), source: file };
}

/** Undefined for an image that was never sealed. */
async function policyOfSeal(from: {
  readonly image: Image;
  readonly store: Store;
}): Promise<Policy | undefined> {
  try {
    return (await openSealed(from.store, from.image)).statement.policy;
  } catch (error) {
    if (isFault(error, "SEAL_MISSING")) return undefined;
    throw error;
  }
}
