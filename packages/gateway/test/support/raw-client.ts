import { connect } from "node:net";

/** Sends bytes and gives everything that comes back until the other side ends. */
export function exchange(port: number, request: string | Uint8Array): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.setEncoding("utf8");
    socket.on("data", (part) => {
      answer += String(part);
    });
    socket.on("error", reject);
    socket.on("end", () => {
      socket.end();
      resolve(answer);
    });
    socket.write(request);
  });
}

/**
 * A request of a case file: lines of the head end in CRLF on the wire, the body stays as it is, but
 * for `{{hex ff 00}}` and `{{1000×text}}`. `{{length}}` in the head is the length of the body.
 */
export function wireForm(text: string): Buffer {
  const end = text.indexOf("\n\n");
  const body = Buffer.concat(
    text
      .slice(end + 2)
      .split(/(\{\{[^}]*\}\})/)
      .map(bodyPart),
  );
  const head = text.slice(0, end).replaceAll("{{length}}", String(body.length));
  return Buffer.concat([Buffer.from(`${head.replaceAll("\n", "\r\n")}\r\n\r\n`), body]);
}

function bodyPart(part: string): Buffer {
  const hex = /^\{\{hex ([0-9a-f ]+)\}\}$/.exec(part);
  if (hex !== null) return Buffer.from(hex[1]!.replaceAll(" ", ""), "hex");
  const repeated = /^\{\{(\d+)×(.*)\}\}$/s.exec(part);
  return Buffer.from(repeated === null ? part : repeated[2]!.repeat(Number(repeated[1])));
}
