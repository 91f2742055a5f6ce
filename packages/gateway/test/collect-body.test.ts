import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { collectBody } from "../src/http/collect-body.ts";

test("a stream that broke before is told at once, by its own error or by one for it", async () => {
  const broken = new Readable({ read() {} });
  broken.on("error", () => {});
  broken.destroy(new Error("the backend went away"));
  await expect(collectBody(broken, 10)).rejects.toThrow("the backend went away");
  const ended = new Readable({ read() {} });
  ended.destroy();
  await expect(collectBody(ended, 10)).rejects.toThrow("the connection ended");
});
