import type { GatewayEnvironment } from "../environment.ts";
import { StreamSink } from "../log/stream-sink.ts";
import type { AccessWriter } from "../serve/process-message.ts";

/** Writes the access log to standard output; undefined when it is off. */
export async function accessWriter({
  accessLog,
}: GatewayEnvironment): Promise<AccessWriter | undefined> {
  if (accessLog === "off") return undefined;
  const { accessLine } = await import("../log/access-log.ts");
  const sink = new StreamSink(
    process.stdout,
    (dropped) => `# ${dropped} lines of the access log were dropped`,
  );
  return (transaction, answer, milliseconds) => {
    sink.write(accessLine(accessLog, transaction, answer, milliseconds, new Date()));
  };
}
