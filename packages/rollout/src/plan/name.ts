const namePattern = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/** True for a DNS label: what a rollout may be called. */
export function isRolloutName(name: string): boolean {
  return namePattern.test(name);
}
