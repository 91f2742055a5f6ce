import { connect } from "node:net";

/** Sends bytes and gives everything that comes back until the other side ends. */
export function exchange(port: number, request: string): Promise<string> {
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

/** A request of a case file: lines of the head end in CRLF on the wire, the body stays as it is. */
export function wireForm(text: string): string {
  const end = text.indexOf("\n\n");
  return `${text.slice(0, end).replaceAll("\n", "\r\n")}\r\n\r\n${text.slice(end + 2)}`;
}
