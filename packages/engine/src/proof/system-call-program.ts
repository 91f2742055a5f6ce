/** One system call of a program; `skip` that many of the following when it fails. */
export interface SystemCall {
  readonly number: number;
  /** Numbers, or bytes whose address is passed, the same bytes at one address; at most five. */
  readonly args: readonly (number | Uint8Array)[];
  readonly skip?: number;
}

/** Numbers of x86-64 (asm/unistd_64.h); the program below is for this processor alone. */
export const callNumbers = {
  read: 0,
  write: 1,
  open: 2,
  close: 3,
  ioctl: 16,
  lsetxattr: 189,
  lremovexattr: 198,
  unshare: 272,
} as const;

/** Whether programs for this processor can be made. */
export function hasSystemCallPrograms(architecture: string = process.arch): boolean {
  return architecture === "x64";
}

/**
 * A static ELF program that makes the calls one after the other, each result in the place of its number, and then writes its
 * table to stdout: it needs no loader, no library and no shell, and makes calls that Node has no function for.
 */
export function systemCallProgram(calls: readonly SystemCall[]): Buffer {
  const tableEnd = tableAt + (calls.length + 2) * entrySize;
  const data = new Map<Uint8Array, number>();
  let end = base + tableEnd;
  const placed = (bytes: Uint8Array): number => {
    const known = data.get(bytes);
    if (known !== undefined) return known;
    data.set(bytes, end);
    end += bytes.length;
    return end - bytes.length;
  };
  const report = { number: callNumbers.write, args: [1, base + tableAt, calls.length * entrySize] };
  const table = [...calls, report].map(({ number, args, skip = 0 }: SystemCall) => {
    const values = args.map((arg) => (typeof arg === "number" ? arg : placed(arg)));
    return entryOf([number, ...values, ...Array(5 - values.length).fill(0), skip * entrySize]);
  });
  const body = Buffer.concat([...table, entryOf([-1]), ...data.keys()]);
  return Buffer.concat([headers(tableAt + body.length), code(), body]);
}

/** What each call answered: its result, or the negative error number; undefined for one that was skipped. */
export function callResults(
  calls: readonly SystemCall[],
  written: Buffer,
): readonly (number | undefined)[] {
  let skipped = 0;
  return calls.map(({ skip = 0 }, index) => {
    if (skipped > 0) {
      skipped -= 1;
      return undefined;
    }
    const result = Number(written.readBigInt64LE(index * entrySize));
    if (result < 0) skipped = skip;
    return result;
  });
}

const base = 0x400000;
const tableAt = 0x100;
const entrySize = 64;
const codeAt = 64 + 56;

function entryOf(values: readonly number[]): Buffer {
  const entry = Buffer.alloc(entrySize);
  for (const [index, value] of values.entries()) entry.writeBigInt64LE(BigInt(value), index * 8);
  return entry;
}

/** The ELF header and one program header, readable, writable and executable (elf(5)). */
function headers(size: number): Buffer {
  const bytes = Buffer.alloc(codeAt);
  bytes.write("\x7fELF\x02\x01\x01", 0, "latin1");
  bytes.writeUInt16LE(2, 16); // ET_EXEC
  bytes.writeUInt16LE(62, 18); // EM_X86_64
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(BigInt(base + codeAt), 24);
  bytes.writeBigUInt64LE(64n, 32);
  for (const [at, value] of [
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    bytes.writeUInt16LE(value, at);
  bytes.writeUInt32LE(1, 64); // PT_LOAD
  bytes.writeUInt32LE(7, 68);
  bytes.writeBigUInt64LE(BigInt(base), 80);
  bytes.writeBigUInt64LE(BigInt(base), 88);
  bytes.writeBigUInt64LE(BigInt(size), 96);
  bytes.writeBigUInt64LE(BigInt(size), 104);
  bytes.writeBigUInt64LE(0x1000n, 112);
  return bytes;
}

/** rbx walks over the table; a negative number ends the program. */
function code(): Buffer {
  const address = Buffer.alloc(4);
  address.writeUInt32LE(base + tableAt);
  const bytes = Buffer.from(
    [
      `48c7c3${address.toString("hex")}`, // mov rbx, table
      "488b03 4885c0 7828", // again: mov rax, [rbx]; test rax, rax; js end
      "488b7b08 488b7310 488b5318 4c8b5320 4c8b4328", // mov rdi, rsi, rdx, r10, r8 from [rbx+8…]
      "0f05 488903", // syscall; mov [rbx], rax
      "4885c0 7904 48035b30", // test rax, rax; jns over; add rbx, [rbx+48]
      "4883c340 ebd0", // over: add rbx, 64; jmp again
      "b83c000000 31ff 0f05", // end: exit(0)
    ]
      .join("")
      .replaceAll(" ", ""),
    "hex",
  );
  return Buffer.concat([bytes, Buffer.alloc(tableAt - codeAt - bytes.length)]);
}
