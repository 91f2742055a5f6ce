/**
 * Gives the memory of a block back at once. The collector does it much later: it sees a small object where there is
 * half a megabyte, so that an archive that streams by holds more memory than anything that is kept of it. Nobody may
 * look at the block, or at a part of it, afterwards. Only for memory that the caller has for itself.
 */
export function release(block: Uint8Array): void {
  const { buffer } = block;
  // Small blocks are parts of memory that many share
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= sharedBytes) buffer.transfer(0);
}

/** The same for a block that is all of its memory, of whatever size: nothing else can lie in it. */
export function releaseWhole({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}

const sharedBytes = 128 * 1024;
