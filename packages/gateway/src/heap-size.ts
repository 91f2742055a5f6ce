import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/**
 * Bytes of both halves of the space for new objects. Less, and what requests in flight hold is
 * moved to the old space, request by request, as soon as there are some hundred of them; more only
 * costs memory.
 */
const wanted = 8 * 1024 * 1024;
/** Objects of about 200 KB each, of which this many live at once and this many are made at most. */
const living = 16;
const most = 256;

/** How often it is looked at whether V8 has made the space smaller, in milliseconds. */
const interval = 1000;

/**
 * Keeps the heap of a process that serves to what it needs. To be called when it has started: until
 * then hardly anything of what is made is garbage, and looking for it is in vain.
 */
export function sizeHeap(): void {
  // what a message leaves behind is collected soon: the heap need not grow for it under load
  setFlagsFromString("--heap-growing-percent=20");
  // little survives in the space for new objects: waiting for other threads to help takes longer
  setFlagsFromString("--no-parallel-scavenge");
  sizeYoungGeneration();
}

/**
 * Brings the space for new objects to its size once there is work, and keeps it there: V8 can be
 * told by how much to grow it while it runs, but not how large it is to be, and makes it smaller in
 * quiet times.
 */
function sizeYoungGeneration(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  let before = process.cpuUsage();
  setInterval(() => {
    const { user } = process.cpuUsage(before);
    before = process.cpuUsage();
    // a process that rests does not need it
    if (user > interval * 200) grow();
  }, interval).unref();
}

/** The space grows when much of it survives: so something is made to survive. */
function grow(): void {
  if (spaceSize() >= wanted) return;
  setFlagsFromString("--semi-space-growth-factor=4");
  const alive: object[] = [];
  for (let made = 0; made < most && spaceSize() < wanted; made++) {
    alive[made % living] = Array.from({ length: 4096 }, (_, at) => ({ at }));
  }
  setFlagsFromString("--semi-space-growth-factor=1");
}

function spaceSize(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === "new_space")!.space_size;
}
