import type { TreeNode } from "@lithify/oci";
import { decide } from "../access/decide.ts";
import { type Hit, type Rule, type Scan, sameModeCause } from "./rule.ts";

/** Route 43: a fifo or socket that the identity can write. */
export const special: Rule = {
  code: "LI-SPECIAL",
  title: "a fifo or socket can be written",
  route: "special",
  fix: "Remove it from the image, or take away write for group and others.",
  *check(scan) {
    yield* writableOf(scan, (node) => node.type === "fifo" || node.type === "socket");
  },
};

/** Route 33: a device node that the identity can write: what lies behind it is below every mode. */
export const device: Rule = {
  code: "LI-DEVICE",
  title: "a device node can be written",
  route: "device",
  fix: "Remove it from the image: engines make the devices that a container needs.",
  *check(scan) {
    yield* writableOf(scan, (node) => isDevice(node) && !isHarmless(node));
    for (const { value, place } of scan.launch?.devices ?? []) {
      if (harmlessNodes.includes(value)) continue;
      yield {
        path: value,
        cause: `given ${value}`,
        place,
        witness: () => [
          `a device of the host is given to the container as \`${value}\`, to be written`,
          "what lies behind it is below every mode",
        ],
        fix: "Take the device away, or give it to be read only.",
      };
    }
  },
};

function* writableOf(scan: Scan, isWanted: (node: TreeNode) => boolean): Iterable<Hit> {
  const numbers = scan.model.protectedLike(
    ({ type }) => type !== "file" && type !== "directory" && type !== "symlink",
  );
  for (const number of numbers) {
    const node = scan.model.node(number);
    if (node === undefined || !isWanted(node) || scan.view.writable(number) !== "yes") continue;
    const numbers =
      node.device === undefined
        ? []
        : [`it is ${node.type} device ${node.device.major}:${node.device.minor}`];
    yield {
      path: node.path,
      cause: sameModeCause(scan.model, node),
      witness: () => [
        ...numbers,
        ...decide(scan.model, scan.identity, "access-write", node.path).why,
      ],
    };
  }
}

const harmlessNodes = ["null", "zero", "full", "random", "urandom", "tty"].map(
  (name) => `/dev/${name}`,
);

function isDevice(node: TreeNode): boolean {
  return node.type === "character" || node.type === "block";
}

/** null, zero, full, random, urandom, tty, console, ptmx: whoever writes to them changes no file (devices.txt). */
function isHarmless({ type, device: numbers }: TreeNode): boolean {
  return (
    type === "character" &&
    numbers !== undefined &&
    ["1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2"].includes(
      `${numbers.major}:${numbers.minor}`,
    )
  );
}
