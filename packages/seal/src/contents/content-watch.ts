import type { ContentSink, ContentWatch, TarEntry } from "@lithify/oci";
import { type BytesAt, dynamicRange, type Elf, MalformedElf, parseElf } from "./elf.ts";
import { parseLoaderCache } from "./loader-cache.ts";

/** What is known of a file's content: how it starts as a program, and its text where a text decides. */
export interface Content {
  readonly elf?: Elf;
  /** The first line of a script without `#!`. */
  readonly script?: string;
  readonly text?: string;
  /** Of `/etc/ld.so.cache`: library and files. */
  readonly libraries?: readonly (readonly [string, readonly string[]])[];
  /** Why it cannot be told. */
  readonly trouble?: string;
}

/** Bytes from the beginning of an ELF file that are looked at, and of a text that decides. */
export const heldBytes = 32 * 1024 * 1024;
export const textBytes = 1024 * 1024;

/** The kernel reads this much of a file to tell a script (BINPRM_BUF_SIZE). */
const scriptBytes = 256;

/** Notes of programs and of the texts that decide what is started; the version is that of the notes. */
export const contentWatch: ContentWatch = {
  name: "programs 2",
  watch: (entry) => {
    const kind = kindOf(entry.path);
    if (kind === "program" && entry.size < 3) return undefined;
    return kind === "program" ? programSink(entry) : textSink(entry, kind);
  },
};

type Kind = "program" | "text" | "group" | "loader-cache";

function kindOf(path: string): Kind {
  if (!path.startsWith("etc/")) return path.endsWith(".pth") ? "text" : "program";
  if (path === "etc/ld.so.cache") return "loader-cache";
  if (path === "etc/group" || path === "etc/gshadow") return "group";
  return /^etc\/(?:passwd|ld\.so\.(?:conf|preload)|ld\.so\.conf\.d\/[^/]+|ld-musl-[^/]+\.path)$/u.test(
    path,
  )
    ? "text"
    : "program";
}

function textSink(entry: TarEntry, kind: Exclude<Kind, "program">): ContentSink {
  const parts: Buffer[] = [];
  const tooLarge = entry.size > textBytes;
  return {
    push: (part) => {
      if (!tooLarge) parts.push(Buffer.from(part));
    },
    end: () => {
      if (tooLarge) return note({ trouble: `it is larger than ${textBytes} bytes` });
      const bytes = Buffer.concat(parts);
      if (kind !== "loader-cache") {
        const text = bytes.toString("utf8");
        return note({ text: kind === "group" ? withoutPasswords(text) : text });
      }
      const libraries = parseLoaderCache(bytes);
      return note(
        libraries === undefined
          ? { trouble: "it is no loader cache of a known form" }
          : { libraries: [...libraries] },
      );
    },
  };
}

/** A hash stays where it is; that there is one is enough to know. */
function withoutPasswords(text: string): string {
  return text.replace(/^([^:\n]*):([^:\n]+)/gmu, (line, name: string, password: string) =>
    /^[!*x]/u.test(password) ? line : `${name}:set`,
  );
}

function programSink(entry: TarEntry): ContentSink {
  let held: HeldBytes | undefined;
  let start: Buffer = Buffer.alloc(0);
  let isPlain = false;
  return {
    push(part) {
      if (isPlain) return;
      if (held !== undefined) {
        held.push(part);
        return;
      }
      start = start.length === 0 ? part : Buffer.concat([start, part]);
      if (start.length < 4 && start.length < entry.size) {
        start = Buffer.from(start);
        return;
      }
      if (isElf(start)) {
        held = new HeldBytes();
        held.push(start);
      } else if (!isScript(start)) {
        isPlain = true;
        start = Buffer.alloc(0);
      } else if (start.length >= scriptBytes) {
        isPlain = true;
        start = Buffer.from(start.subarray(0, scriptBytes));
      } else {
        start = Buffer.from(start);
      }
    },
    end() {
      if (held !== undefined) return note(elfContent(held));
      return isScript(start) ? note({ script: scriptLine(start) }) : undefined;
    },
  };
}

function elfContent(held: HeldBytes): Content {
  try {
    return { elf: parseElf(held.at) };
  } catch (error) {
    if (!(error instanceof MalformedElf)) throw error;
    return { trouble: `it is a malformed ELF file: ${error.message}` };
  }
}

function scriptLine(start: Buffer): string {
  const line = start.subarray(2, scriptBytes).toString("utf8").split("\n")[0] ?? "";
  return line.split("\0")[0] ?? "";
}

function isElf(bytes: Buffer): boolean {
  return bytes.length >= 4 && bytes.readUInt32BE(0) === 0x7f454c46;
}

function isScript(bytes: Buffer): boolean {
  return bytes[0] === 0x23 && bytes[1] === 0x21;
}

function note(content: Content): string {
  return JSON.stringify(content);
}

/** The beginning of a file that streams by, and its dynamic segment, which large programs have near their end. */
class HeldBytes {
  readonly #parts: { readonly offset: number; readonly bytes: Buffer }[] = [];
  #size = 0;
  #range: { readonly offset: number; readonly length: number } | undefined;
  #isRangeKnown = false;

  push(part: Buffer): void {
    const offset = this.#size;
    this.#size += part.length;
    if (offset < heldBytes) {
      this.#parts.push({ offset, bytes: Buffer.from(part) });
      return;
    }
    const range = this.#dynamic();
    if (range !== undefined && offset < range.offset + range.length && this.#size > range.offset) {
      this.#parts.push({ offset, bytes: Buffer.from(part) });
    }
  }

  readonly at: BytesAt = (offset, length) => {
    const pieces: Buffer[] = [];
    let [from, left] = [offset, length];
    for (let index = this.#partAt(offset); left > 0; index += 1) {
      const part = this.#parts[index];
      if (part === undefined || from < part.offset) return undefined;
      const piece = part.bytes.subarray(from - part.offset, from - part.offset + left);
      if (piece.length === 0) return undefined;
      pieces.push(piece);
      from += piece.length;
      left -= piece.length;
    }
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  };

  #partAt(offset: number): number {
    const after = this.#parts.findIndex((part) => part.offset > offset);
    return (after === -1 ? this.#parts.length : after) - 1;
  }

  /** A range longer than any real one is not kept; what is missing then is told when it is read. */
  #dynamic() {
    if (this.#isRangeKnown) return this.#range;
    this.#isRangeKnown = true;
    try {
      const range = dynamicRange(this.at);
      this.#range = range !== undefined && range.length <= 1024 * 1024 ? range : undefined;
    } catch (error) {
      if (!(error instanceof MalformedElf)) throw error;
    }
    return this.#range;
  }
}
