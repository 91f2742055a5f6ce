import type { RequestListener } from "node:http";
import type { Log } from "../log.ts";
import { type Door, openDoor } from "./door.ts";
import type { ManagedInstance } from "./instance.ts";
import type { InterfacePlan } from "./interface-plan.ts";

/** The management interfaces that are open. */
export interface Management {
  readonly ports: readonly { readonly of: InterfacePlan["of"]; readonly port: number }[];
  close(): Promise<void>;
}

/**
 * Opens the interfaces of `plans`. One that cannot be opened is an error in the log and nothing
 * else: services do not depend on it. `instance` and all that management needs are loaded when the
 * first client comes.
 */
export async function openManagement(
  plans: readonly InterfacePlan[],
  instance: () => Promise<ManagedInstance>,
  log: Log,
): Promise<Management> {
  const doors: { readonly of: InterfacePlan["of"]; readonly door: Door }[] = [];
  let loaded: Promise<Listeners> | undefined;
  const listeners = (): Promise<Listeners> => {
    loaded ??= import("./management-listeners.ts").then(async (module) =>
      module.managementListeners(await instance()),
    );
    return loaded;
  };
  for (const plan of plans) {
    const { of, address, port, unserved } = plan;
    const failed = (error: Error): void => report(log, plan, error.message);
    if (unserved !== undefined) {
      report(log, plan, unserved);
      continue;
    }
    try {
      const door = await openDoor({
        address,
        port,
        failed,
        note: (text) =>
          log({
            code: "81000033",
            category: "mgmt",
            priority: "info",
            text: `${plan.label}: ${text}`,
          }),
        open: async () => {
          const { interfaceTls } = await import("./interface-tls.ts");
          const tls = await interfaceTls((await instance()).configuration(), of);
          return { tls, listener: (await listeners())[of] };
        },
      });
      doors.push({ of, door });
      const what = of === "rest" ? "REST management" : "Status page";
      const own = plan.hasProfile ? "" : ", with a self-signed certificate made in memory";
      const text = `${what} on ${address}:${door.port}${own}`;
      log({ code: "00350016", category: "mgmt", priority: "notice", text });
    } catch (error) {
      failed(error as Error);
    }
  }
  return {
    ports: doors.map(({ of, door }) => ({ of, port: door.port })),
    close: async () => {
      await Promise.all(doors.map(({ door }) => door.close()));
    },
  };
}

type Listeners = Readonly<Record<InterfacePlan["of"], RequestListener>>;

function report(log: Log, { label, address, port }: InterfacePlan, why: string): void {
  const text = `${label} is not served on ${address}:${port}: ${why}`;
  log({ code: "00330019", category: "mgmt", priority: "error", text });
}
