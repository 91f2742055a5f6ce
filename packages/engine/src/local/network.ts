import { existsSync } from "node:fs";
import { Fault } from "@lithify/fault";
import { lastLine, mustRun, type Programs, runProgram } from "../host/program.ts";

/** The network of one instance: a namespace with `lo` and one end of a veth pair, no route beyond it. */
export interface InstanceNetwork {
  /** Name of the namespace below /run/netns. */
  readonly namespace: string;
  /** The host's end of the pair. */
  readonly link: string;
  readonly hostAddress: string;
  readonly address: string;
}

/** 10.213.0.0/16, cut into 16384 ranges of four addresses: host and instance are the two usable ones. */
const base = (10 << 24) + (213 << 16);
const ranges = 1 << 14;
const attempts = 64;

export function namespacePath(network: Pick<InstanceNetwork, "namespace">): string {
  return `/run/netns/${network.namespace}`;
}

/**
 * Makes the namespace and the pair. The host's end is named for its range, and the kernel refuses a
 * second link of one name: that is the lock between all processes of the machine, and it dies with the link.
 * Ranges that the host routes elsewhere are left out. Throws Fault NETWORK_FULL, KERNEL_REFUSED.
 */
export async function openNetwork(programs: Programs, id: string): Promise<InstanceNetwork> {
  const namespace = namespaceOf(id);
  await mustRun("make a network namespace", programs.ip, ["netns", "add", namespace]);
  const taken = await routedRanges(programs);
  const first = Number.parseInt(id.slice(0, 6), 16);
  for (let offset = 0; offset < attempts; offset += 1) {
    const network = networkOf(namespace, (first + offset) % ranges);
    if (taken.some((range) => contains(range, network.address))) continue;
    if (await reserve(programs, network)) {
      await configure(programs, network);
      return network;
    }
  }
  throw new Fault("NETWORK_FULL", "a network for the instance", { values: { attempts } });
}

/** Removes what openNetwork made, or as much of it as was made; what is gone already is no fault. */
export async function closeNetwork(
  programs: Programs,
  id: string,
  network?: InstanceNetwork,
): Promise<void> {
  if (network !== undefined) await runProgram(programs.ip, ["link", "delete", network.link]);
  await closeEmptyNetwork(programs, namespaceOf(id));
}

/** An empty namespace with nothing but `lo`: `RUN --network=none`. */
export async function openEmptyNetwork(programs: Programs, namespace: string): Promise<void> {
  await mustRun("make a network namespace", programs.ip, ["netns", "add", namespace]);
  await mustRun("bring up lo", programs.ip, ["-n", namespace, "link", "set", "lo", "up"]);
}

function namespaceOf(id: string): string {
  return `lithify-${id.slice(0, 12)}`;
}

export async function closeEmptyNetwork(programs: Programs, namespace: string): Promise<void> {
  if (existsSync(namespacePath({ namespace })))
    await runProgram(programs.ip, ["netns", "delete", namespace]);
}

async function reserve(programs: Programs, network: InstanceNetwork): Promise<boolean> {
  const pair = ["type", "veth", "peer", "name", "eth0", "netns", network.namespace];
  const result = await runProgram(programs.ip, ["link", "add", network.link, ...pair]);
  if (result.exitCode === 0) return true;
  if (result.stderr.includes("File exists")) return false;
  throw new Fault("KERNEL_REFUSED", "make a network link", { why: lastLine(result.stderr) });
}

async function configure(programs: Programs, network: InstanceNetwork): Promise<void> {
  const host = [
    `address add ${network.hostAddress}/30 dev ${network.link}`,
    `link set ${network.link} up`,
  ];
  const inside = [
    "link set lo up",
    `address add ${network.address}/30 dev eth0`,
    "link set eth0 up",
  ];
  await Promise.all([
    mustRun("set up the network link", programs.ip, ["-batch", "-"], { stdin: host.join("\n") }),
    mustRun("set up the network", programs.ip, ["-n", network.namespace, "-batch", "-"], {
      stdin: inside.join("\n"),
    }),
  ]);
}

interface Range {
  readonly first: number;
  readonly prefix: number;
}

async function routedRanges(programs: Programs): Promise<readonly Range[]> {
  const args = ["-4", "route", "show", "table", "all"];
  const { stdout } = await mustRun("read the routes", programs.ip, args);
  return routesOf(stdout);
}

/** Destinations of `ip route show`, the default route left out. */
export function routesOf(text: string): readonly Range[] {
  return [...text.matchAll(/^(?:[a-z]+ )?(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))?/gm)].map(
    ([, address = "", prefix = "32"]) => ({ first: numberOf(address), prefix: Number(prefix) }),
  );
}

export function contains(range: Range, address: string): boolean {
  if (range.prefix === 0) return false;
  const shift = 32 - range.prefix;
  return numberOf(address) >>> shift === range.first >>> shift;
}

function networkOf(namespace: string, index: number): InstanceNetwork {
  const first = base + index * 4;
  return {
    namespace,
    link: `lithify${index.toString(16).padStart(4, "0")}`,
    hostAddress: addressOf(first + 1),
    address: addressOf(first + 2),
  };
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => (sum << 8) + Number(part), 0) >>> 0;
}

function addressOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}
