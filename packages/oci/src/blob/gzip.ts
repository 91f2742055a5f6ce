import { constants, crc32, deflateRaw, gunzip as gunzipOne } from "node:zlib";

/** Bytes of content in one member. */
export const gzipBlockBytes = 512 * 1024;
const level = 6;
/** 256 KiB instead of 128 KiB for each block that is being compressed: a tenth less time. */
const memLevel = 9;

/** Changes with the bytes that the same input gives, zlib's own version apart. */
export const gzipEncoder = `gzip-members/1 level/${level} zlib/${process.versions.zlib}`;

/**
 * Magic, deflate, an extra field, mtime 0, no extra flags, operating system unknown (RFC 1952); eight bytes of extra
 * field: one subfield `LI` of four bytes, the length of the whole member.
 */
const header = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 8, 0, 0x4c, 0x49, 4, 0]);
const headerBytes = header.length + 4;
const trailerBytes = 8;
/** Of a member that is expanded in one piece; a larger one is nobody's that this tool wrote. */
export const gzipMemberBytes = 2 * gzipBlockBytes;

/** One block as a member of its own that says how long it is: readable by every gzip, and apart from its neighbours. */
export async function gzipMember(block: Buffer): Promise<readonly Buffer[]> {
  const content = await deflated(block);
  const start = Buffer.alloc(headerBytes);
  header.copy(start);
  start.writeUInt32LE(headerBytes + content.length + trailerBytes, header.length);
  const end = Buffer.alloc(trailerBytes);
  end.writeUInt32LE(crc32(block), 0);
  end.writeUInt32LE(block.length, 4);
  return [start, content, end];
}

/** The length of the member that begins so, where it is one that `gzipMember` made. */
export function gzipMemberLength(start: Buffer): number | undefined {
  if (start.length < headerBytes || !start.subarray(0, header.length).equals(header)) {
    return undefined;
  }
  const length = start.readUInt32LE(header.length);
  return length > headerBytes + trailerBytes && length <= gzipMemberBytes ? length : undefined;
}

export const gzipStartBytes = headerBytes;
/** Where in a member its length stands. */
export const gzipMemberLengthAt = header.length;

/** The content of one member, checked against its checksum. Throws what zlib throws. */
export function gunzipMember(member: Buffer): Promise<Buffer> {
  const options = { chunkSize: gzipBlockBytes + 64, maxOutputLength: gzipBlockBytes };
  return new Promise((resolve, reject) => {
    gunzipOne(member, options, (error, content) => {
      if (error !== null) reject(error);
      // zlib passes over what follows a member
      else if (member.readUInt32LE(member.length - 4) === content.length) resolve(content);
      else
        reject(Object.assign(new Error("a member has another length"), { code: "Z_DATA_ERROR" }));
    });
  });
}

function deflated(block: Buffer): Promise<Buffer> {
  const options = { level, memLevel, finishFlush: constants.Z_FINISH, chunkSize: 256 * 1024 };
  return new Promise((resolve, reject) => {
    deflateRaw(block, options, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}
