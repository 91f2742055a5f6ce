import { channel } from "node:diagnostics_channel";

const unfitChannel = channel("lithify.gateway.unfit");

/** Says that this process can no longer do all of its work, and will not until it is started again. */
export function sayUnfit(why: string): void {
  unfitChannel.publish(why);
}

/** Resolves with the reason when this process is unfit from then on. */
export function whenUnfit(): Promise<string> {
  return new Promise((resolve) => {
    unfitChannel.subscribe((why) => resolve(String(why)));
  });
}
