import { isIP } from "node:net";
import type { PortMapping } from "@lithify/engine";
import { Fault } from "@lithify/fault";

/** `8080`, `8080:80`, `127.0.0.1:8080:80`, `0:80` for any free port; as `docker run -p`, on loopback unless a host is given. */
export function parsePort(text: string): PortMapping {
  const form =
    /^(?:(?<host>[^:]+|\[[0-9a-fA-F:]+\]):)??(?:(?<hostPort>\d+):)?(?<containerPort>\d+)(?:\/tcp)?$/;
  const groups = form.exec(text)?.groups;
  const containerPort = Number(groups?.containerPort);
  const hostPort = groups?.hostPort === undefined ? containerPort : Number(groups.hostPort);
  const host = groups?.host?.replace(/^\[|\]$/g, "");
  const isHost = host === undefined || host === "localhost" || isIP(host) !== 0;
  if (groups === undefined || !isHost || !isPort(containerPort, 1) || !isPort(hostPort, 0))
    throw new Fault("USAGE", "--publish", {
      why: "it takes [ADDRESS:][PORT:]PORT with ports up to 65535",
      values: { publish: text },
    });
  return { ...(host === undefined ? {} : { host }), hostPort, containerPort };
}

function isPort(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least && value <= 65535;
}
