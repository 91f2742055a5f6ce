/**
 * The same bytes in blocks of one size, the last one shorter, however they came. The blocks are memory of `reuse`, or
 * new.
 */
export async function* blocksOf(
  bytes: AsyncIterable<Uint8Array>,
  blockBytes: number,
  reuse: () => Buffer | undefined = () => undefined,
): AsyncGenerator<Buffer> {
  const memory = () => reuse() ?? Buffer.allocUnsafeSlow(blockBytes);
  let block = memory();
  let filled = 0;
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + blockBytes - filled);
      block.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled === blockBytes) {
        yield block;
        block = memory();
        filled = 0;
      }
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
