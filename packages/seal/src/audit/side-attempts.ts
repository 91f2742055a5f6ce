import { decide, fits } from "../access/decide.ts";
import type { RouteName } from "../access/finding.ts";
import type { AccessModel } from "../access/model.ts";
import type { ObjectAttempt } from "../access/operation.ts";
import type { SideOperation } from "../access/side-decisions.ts";
import type { Identity } from "../identity/identity.ts";

/** Objects that each side operation is tried on, evenly spread: as many that it fails on, as many that it does not. */
export const sideLimit = 60;

const routes: readonly (readonly [SideOperation, RouteName])[] = [
  ["link", "hard-link-out"],
  ["set-attribute", "attribute"],
  ["remove-acl", "acl-change"],
  ["same-flags", "inode-flags"],
];

/** Routes 10, 11 and 13 on a sample of the given objects, and 27: an entry in each VOLUME of the image that the policy does not let write. */
export function* sideAttempts(
  model: AccessModel,
  identity: Identity,
  numbers: readonly number[],
): Iterable<ObjectAttempt> {
  const view = model.viewOf(identity);
  const isOpen = (number: number) =>
    view.writable(number) !== "no" ||
    view.owned(number) !== "no" ||
    view.replaceable(number) !== "no";
  const { open = [], closed = [] } = Object.groupBy(numbers, (number) =>
    isOpen(number) ? "open" : "closed",
  );
  for (const [operation, route] of routes) {
    const fitting = (number: number) => {
      const node = model.node(number);
      return node !== undefined && fits(operation, node);
    };
    for (const number of [...spread(open.filter(fitting)), ...spread(closed.filter(fitting))]) {
      const path = model.node(number)?.path ?? "/";
      const { answer } = decide(model, identity, operation, path);
      yield { route, operation, path, identity: identity.name, expected: answer };
    }
  }
  yield* volumeAttempts(model, identity);
}

/** A volume begins as a copy of the directory: its mode and owner decide on either. */
function* volumeAttempts(model: AccessModel, identity: Identity): Iterable<ObjectAttempt> {
  for (const path of Object.keys(model.config.config?.Volumes ?? {}).toSorted()) {
    const found = model.tree.resolve(path);
    if (found.answer === "reached" && found.node.type !== "directory") continue;
    if (model.protectionOf(found.answer === "reached" ? found.node.path : path) === "writable")
      continue;
    const { answer } = decide(model, identity, "create", path);
    yield { route: "volume", operation: "create", path, identity: identity.name, expected: answer };
  }
}

function spread(numbers: readonly number[]): readonly number[] {
  const step = Math.max(1, Math.ceil(numbers.length / sideLimit));
  return numbers.filter((_, index) => index % step === 0);
}
