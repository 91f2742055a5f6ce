import type { BitWriter } from "./bit-writer.ts";
import { fixedCodes } from "./block-header.ts";
import { codedDistance, codedLength, endOfBlock, type HuffmanCode } from "./huffman.ts";
import type { Piece } from "./pieces.ts";

/** The codes of a block, and where the header stands that says so, from the type of the block on, in bits. */
export interface BlockCodes {
  readonly literals: HuffmanCode;
  readonly distances: HuffmanCode;
  readonly header: { readonly bytes: Uint8Array; readonly from: number; readonly to: number };
}

/**
 * Writes symbols within a block. Those that it has no codes for stand in a block of their own, and the block begins
 * anew behind it.
 */
export function putPieces(out: BitWriter, block: BlockCodes, pieces: readonly Piece[]): void {
  if (pieces.every((piece) => isWritable(piece, block))) {
    for (const piece of pieces) putPiece(out, block, piece);
    return;
  }
  const { literals, header } = block;
  out.put(literals.codeOf(endOfBlock), literals.lengthOf(endOfBlock));
  out.put(0b010, 3);
  for (const piece of pieces) putPiece(out, fixed, piece);
  out.put(0, fixed.literals.lengthOf(endOfBlock));
  out.put(0, 1);
  out.copy(header.bytes, header.from, header.to);
}

/** An empty block that says that it is the last one. */
export function putLastBlock(out: BitWriter): void {
  out.put(0b011, 3);
  out.put(0, fixed.literals.lengthOf(endOfBlock));
}

type Codes = Pick<BlockCodes, "literals" | "distances">;

/** The codes that need no header. */
export const fixed: Codes = fixedCodes();

function putPiece(out: BitWriter, { literals, distances }: Codes, piece: Piece): void {
  if (piece.kind === "literal") {
    out.put(literals.codeOf(piece.byte), literals.lengthOf(piece.byte));
    return;
  }
  for (const [code, { symbol, extra, extraBits }] of [
    [literals, codedLength(piece.length)],
    [distances, codedDistance(piece.distance)],
  ] as const) {
    out.put(code.codeOf(symbol), code.lengthOf(symbol));
    out.put(extra, extraBits);
  }
}

function isWritable(piece: Piece, { literals, distances }: Codes): boolean {
  if (piece.kind === "literal") return literals.lengthOf(piece.byte) > 0;
  return (
    literals.lengthOf(codedLength(piece.length).symbol) > 0 &&
    distances.lengthOf(codedDistance(piece.distance).symbol) > 0
  );
}
