import type { GatewayEnvironment } from "../environment.ts";
import type { LogHub } from "../log/log-hub.ts";
import type { AccessWriter } from "../serve/service-world.ts";

/** Writes the access log beside the log, on the console; undefined when it is off. */
export async function accessWriter(
  { accessLog }: GatewayEnvironment,
  logs: LogHub,
): Promise<AccessWriter | undefined> {
  if (accessLog === "off") return undefined;
  const { accessLine } = await import("../log/access-log.ts");
  return (transaction, answer, milliseconds) => {
    logs.writeLine(accessLine(accessLog, transaction, answer, milliseconds, new Date()));
  };
}
