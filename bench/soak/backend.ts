// `node bench/soak/backend.ts PORT`: answers every request with one kilobyte, until it is killed.
import { createServer } from "node:http";

const body = Buffer.alloc(1024, "x");
createServer((request, response) => {
  request.resume().on("end", () => {
    response.writeHead(200, { "Content-Type": "text/plain", "Content-Length": body.length });
    response.end(body);
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
