import { describe, expect, it } from "vitest";
import { gainOf } from "../src/proof/stand-in-gain.ts";

const user = { uid: 100, gid: 100, capabilities: [] };
const root = { gained: { uid: 0, gid: 100, capabilities: ["CAP_CHOWN", "CAP_FOWNER"] } };

/** As the program writes it: the text, then zeros. */
function wrote(uid: number, gid: number, permitted: string) {
  const text = `Uid:\t100\t${uid}\t${uid}\t${uid}\nGid:\t100\t${gid}\t${gid}\t${gid}\nCapPrm:\t${permitted}\n`;
  const output = Buffer.concat([Buffer.from(text), Buffer.alloc(9000 - text.length)]);
  return { observed: "allowed", output: output.toString("base64") } as const;
}

describe("gainOf", () => {
  it.each([
    ["denied, when nothing was gained", wrote(100, 100, "0"), "denied", undefined],
    ["allowed, when it is what the model says", wrote(0, 100, "9"), "allowed", undefined],
    ["another user", wrote(7, 100, "9"), "allowed", true],
    ["another group", wrote(0, 5, "9"), "allowed", true],
    ["more capabilities", wrote(0, 100, "b"), "allowed", true],
    ["fewer capabilities", wrote(0, 100, "1"), "allowed", true],
    ["capabilities alone", wrote(100, 100, "9"), "allowed", true],
  ])("%s", (_, run, observed, differs) => {
    const answer = gainOf(root, user, run);
    expect([answer.observed, answer.differs]).toEqual([observed, differs]);
  });

  it("takes a refused start for denied only where execve(2) says EPERM", () => {
    const refused = (errno: string) => gainOf(root, user, { observed: "denied", errno }).observed;
    expect([refused("EPERM"), refused("EACCES")]).toEqual(["denied", "inconclusive"]);
    expect(gainOf(root, user, undefined).observed).toBe("inconclusive");
  });
});
