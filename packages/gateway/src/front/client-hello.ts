/** Most bytes of records that are looked at for a ClientHello: a handshake message may span several. */
export const longestClientHello = 65_536;

const handshakeRecord = 22;
const clientHello = 1;
const serverNameExtension = 0;
const hostNameType = 0;

/** What the first bytes of a connection say about the host that the client asks for. */
export type AskedHost =
  | { readonly state: "more" }
  | { readonly state: "no TLS" }
  | { readonly state: "found"; readonly host: string | undefined };

/**
 * Reads the server name of a ClientHello (RFC 8446, 4.1.2; RFC 6066, 3) from the beginning of a
 * connection, without changing anything: "more" asks for further bytes.
 */
export function askedHost(bytes: Buffer): AskedHost {
  const message = handshakeOf(bytes);
  if (message.length >= 4) {
    if (message[0] !== clientHello) return { state: "no TLS" };
    const end = 4 + message.readUIntBE(1, 3);
    if (end > longestClientHello) return { state: "no TLS" };
    if (message.length >= end) return hostOf(message.subarray(4, end));
  }
  const broken = recordsAre(bytes) === "broken" || bytes.length > longestClientHello;
  return { state: broken ? "no TLS" : "more" };
}

/** The handshake bytes of the records that have come, as far as they are some. */
function handshakeOf(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; isRecord(bytes, at) && bytes.length >= at + 5; ) {
    const end = at + 5 + bytes.readUInt16BE(at + 3);
    parts.push(bytes.subarray(at + 5, end));
    at = end;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

/** Whether all records so far can be of a handshake; the last one may have come in part. */
function recordsAre(bytes: Buffer): "fine" | "broken" {
  for (let at = 0; at < bytes.length; ) {
    if (!isRecord(bytes, at)) return "broken";
    if (bytes.length < at + 5) return "fine";
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0) return "broken";
    at += 5 + length;
  }
  return "fine";
}

/** A record of a handshake under any version of TLS, as far as its first two bytes are there. */
function isRecord(bytes: Buffer, at: number): boolean {
  return bytes[at] === handshakeRecord && (bytes[at + 1] ?? 3) === 3;
}

function hostOf(message: Buffer): AskedHost {
  try {
    return { state: "found", host: serverName(message) };
  } catch (error) {
    if (error instanceof RangeError) return { state: "no TLS" };
    throw error;
  }
}

/** Throws RangeError where a length leads out of the message. */
function serverName(message: Buffer): string | undefined {
  // version and random, then session, cipher suites and compression methods with their lengths
  let at = 34;
  at += 1 + message.readUInt8(at);
  at += 2 + message.readUInt16BE(at);
  at += 1 + message.readUInt8(at);
  if (at === message.length) return undefined;
  const end = at + 2 + message.readUInt16BE(at);
  if (end > message.length) throw new RangeError("extensions end outside of the message");
  for (at += 2; at < end; ) {
    const type = message.readUInt16BE(at);
    const length = message.readUInt16BE(at + 2);
    if (type === serverNameExtension) return hostName(message, at + 4, at + 4 + length);
    at += 4 + length;
  }
  return undefined;
}

function hostName(message: Buffer, from: number, end: number): string | undefined {
  for (let at = from + 2; at < end; ) {
    const length = message.readUInt16BE(at + 1);
    if (at + 3 + length > end) throw new RangeError("a name ends outside of its extension");
    if (message.readUInt8(at) === hostNameType) {
      return message.toString("latin1", at + 3, at + 3 + length);
    }
    at += 3 + length;
  }
  return undefined;
}
