import { describe, expect, test } from "vitest";
import { parseReference, referenceText } from "../src/image/reference.ts";
import { parseImageLocation } from "../src/transport/transport.ts";
import { expectFault } from "./expectations.ts";

const digest = `sha256:${"0123456789abcdef".repeat(4)}`;

describe("references", () => {
  test.each([
    ["web", "web:latest"],
    ["web:1.4", "web:1.4"],
    ["a/b_c/d--e.f", "a/b_c/d--e.f:latest"],
    ["icr.io/ibm/datapower:10.6", "icr.io/ibm/datapower:10.6"],
    ["localhost:5000/web", "localhost:5000/web:latest"],
    ["Host.example:5000/web:Tag_1", "Host.example:5000/web:Tag_1"],
    [`web@${digest}`, `web@${digest}`],
    [`web:1@${digest}`, `web@${digest}`],
    [digest, digest],
  ])("%s", (text, wanted) => {
    expect(referenceText(parseReference(text))).toBe(wanted);
  });

  test.each([
    "",
    " ",
    ":",
    "web:",
    "Web",
    "web:a b",
    "web:-a",
    `web:${"t".repeat(129)}`,
    "n".repeat(256),
    "a//b",
    "/a",
    "a/",
    "a..b",
    "-a",
    "../a",
    "web@sha256:12",
    "web@",
    "@",
    `@${digest}`,
    "sha256:12",
    `sha256:${"A".repeat(64)}`,
    "web\n",
    "wéb",
  ])("%j names no image", async (text) => {
    await expectFault("REFERENCE_INVALID", async () => parseReference(text));
  });
});

describe("locations", () => {
  test.each([
    ["web:1", { transport: "store", ref: "web:1" }],
    ["oci:some/dir", { transport: "oci", directory: "some/dir" }],
    ["oci:/some/dir:1.0", { transport: "oci", directory: "/some/dir", tag: "1.0" }],
    ["oci-archive:f.tar:1.0", { transport: "oci-archive", file: "f.tar", tag: "1.0" }],
    [
      "docker-archive:f.tar:a/web:1",
      { transport: "docker-archive", file: "f.tar", tag: "a/web:1" },
    ],
    ["docker-daemon:web:1", { transport: "docker-daemon", ref: "web:1" }],
    ["docker://h:5000/a/web:1", { transport: "docker", address: "h:5000/a/web:1" }],
  ])("%s", (text, wanted) => {
    expect(parseImageLocation(text)).toEqual(wanted);
  });

  test("what is not supported is said, with what is", async () => {
    for (const text of ["dir:web", "containers-storage:web"]) {
      await expectFault("TRANSPORT_UNSUPPORTED", async () => parseImageLocation(text));
    }
    for (const text of [
      "oci:",
      "oci:dir:",
      "oci::tag",
      "docker://h/A",
      "docker://UPPER/a",
      "oci-archive:",
      "docker-daemon:",
    ]) {
      await expectFault("REFERENCE_INVALID", async () => parseImageLocation(text));
    }
    expect(() => parseImageLocation("dir:web")).toThrow(
      expect.objectContaining({ hint: expect.stringContaining("oci:DIR[:TAG]") }),
    );
  });
});
