let bare = false;

/**
 * Whether the stack holds only frames that may be lost: those from here down to a callback of
 * `onBareStack`. Where it does not, or where nobody knows, it is false.
 */
export function isBareStack(): boolean {
  return bare;
}

/**
 * Hands a value on. To be called from what Node calls first thing in a turn, and where it does
 * nothing afterwards: then a stop that takes the whole stack with it does no harm to Node.
 */
export function onBareStack<Value>(take: (value: Value) => void, value: Value): void {
  bare = true;
  try {
    take(value);
  } finally {
    bare = false;
  }
}

/** To be called after such a stop: it runs no `finally`. */
export function lostBareStack(): void {
  bare = false;
}
