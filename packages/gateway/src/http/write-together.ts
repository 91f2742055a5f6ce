/** Writes wait for so many others at most. */
const mostTogether = 32;

let waiting: (() => void)[] = [];
let asked = false;

/**
 * Does a write, to a client or to a backend, together with those of other messages: once all is
 * dealt with that the kernel had by then. So the code that is run for each message stays in the
 * processor's caches, which the kernel's part of a write, and who wakes up for it, would push it out
 * of. `write` must not throw, and finds what has happened to its connection since.
 */
export function writeTogether(write: () => void): void {
  waiting.push(write);
  if (waiting.length >= mostTogether) {
    writeWaiting();
  } else if (!asked) {
    asked = true;
    setImmediate(writeAsked);
  }
}

function writeAsked(): void {
  asked = false;
  writeWaiting();
}

function writeWaiting(): void {
  const now = waiting;
  waiting = [];
  for (const write of now) write();
}
