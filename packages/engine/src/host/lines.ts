import type { Readable } from "node:stream";
import { StringDecoder } from "node:string_decoder";

/** A line longer than this comes in pieces. */
const longestLine = 64 * 1024;

/** Calls `output` for each line of a stream, without its end; resolves when the stream has ended. */
export function onLines(stream: Readable, output: (line: string) => void): Promise<void> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  const take = (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) output(line.endsWith("\r") ? line.slice(0, -1) : line);
    while (rest.length > longestLine) {
      output(rest.slice(0, longestLine));
      rest = rest.slice(longestLine);
    }
  };
  return new Promise((resolve) => {
    stream.on("data", (bytes: Buffer) => take(decoder.write(bytes)));
    stream.on("error", () => {}); // "close" follows
    stream.on("close", () => {
      take(decoder.end());
      if (rest !== "") output(rest);
      resolve();
    });
  });
}
