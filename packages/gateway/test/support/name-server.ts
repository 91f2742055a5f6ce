import { createSocket } from "node:dgram";

/** What a name server knows of a name; a name that is missing does not exist. */
export interface NameRecords {
  readonly addresses: readonly string[];
  /** In seconds. */
  readonly ttl: number;
}

/** A name server on the loopback interface, in as much of RFC 1035 as a resolver here asks for. */
export interface NameServer extends AsyncDisposable {
  readonly port: number;
  /** What it knows, by name; may be changed at any time. */
  readonly records: Map<string, NameRecords>;
  /** Every question, as `A name` or `AAAA name`. */
  readonly asked: string[];
  /** Questions are heard but not answered. */
  isSilent: boolean;
}

const typeA = 1;
const typeAaaa = 28;
const answerFlags = 0x8580;
const noSuchName = 3;

export async function openNameServer(): Promise<NameServer> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const server: NameServer = {
    port: socket.address().port,
    records: new Map(),
    asked: [],
    isSilent: false,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on("message", (message, from) => {
    const { name, type, end } = questionOf(message);
    server.asked.push(`${type === typeA ? "A" : type === typeAaaa ? "AAAA" : type} ${name}`);
    if (server.isSilent) return;
    const known = server.records.get(name);
    const answers = (known?.addresses ?? [])
      .filter((address) => type === (address.includes(":") ? typeAaaa : typeA))
      .map((address) => recordOf(type, known!.ttl, address));
    const head = Buffer.alloc(12);
    message.copy(head, 0, 0, 2);
    head.writeUInt16BE(answerFlags | (known === undefined ? noSuchName : 0), 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt16BE(answers.length, 6);
    const answer = Buffer.concat([head, message.subarray(12, end), ...answers]);
    socket.send(answer, from.port, from.address);
  });
  return server;
}

function questionOf(message: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at]!; length > 0; length = message[at]!) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length).toLowerCase());
    at += 1 + length;
  }
  return { name: labels.join("."), type: message.readUInt16BE(at + 1), end: at + 5 };
}

/** A record whose name is a pointer to the question's. */
function recordOf(type: number, ttl: number, address: string): Buffer {
  const data =
    type === typeA
      ? Buffer.from(address.split(".").map(Number))
      : Buffer.from(address === "::1" ? [...Array(15).fill(0), 1] : []);
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttl, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
