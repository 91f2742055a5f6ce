import type { IncomingMessage } from "node:http";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { SplitPlan } from "../../src/plan/plan.ts";
import { bucketOf, routeOf } from "../../src/splitter/unit.ts";

const byHeader: SplitPlan = {
  unit: { from: "header", name: "X-User" },
  salt: "salt",
  allow: ["tester"],
  override: "X-Canary",
};

function asked(headers: Readonly<Record<string, string>>): IncomingMessage {
  return { headers, socket: { remoteAddress: "::ffff:10.0.0.7" } } as unknown as IncomingMessage;
}

test("the bucket is the first 52 bits of SHA-256(salt ‖ unit)", () => {
  // printf saltuser | sha256sum: 8031377c4c15e…
  expect(bucketOf("salt", "user")).toBe(0x8031377c4c15e / 2 ** 52);
});

test("raising the weight moves no one back, and the same user always goes the same way", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (user, a, b) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const at = (weight: number) => routeOf(byHeader, weight, asked({ "x-user": user })).side;
        if (at(low) === "canary") expect(at(high)).toBe("canary");
        expect(at(low)).toBe(at(low));
      },
    ),
  );
});

test("weight 0 reaches nobody, weight 1 everybody, 5 % about 5 %", () => {
  const users = Array.from({ length: 20_000 }, (_, i) => asked({ "x-user": `user-${i}` }));
  const canaries = (weight: number) =>
    users.filter((user) => routeOf(byHeader, weight, user).side === "canary").length;
  expect(canaries(0)).toBe(0);
  expect(canaries(1)).toBe(20_000);
  // 1,000 ± 31: five standard deviations, and the hash does not change.
  expect(Math.abs(canaries(0.05) - 1_000)).toBeLessThan(155);
});

test("override, then allow-list, then bucket; forced users do not count", () => {
  const route = (headers: Readonly<Record<string, string>>, weight: number) =>
    routeOf(byHeader, weight, asked(headers));
  expect(route({ "x-user": "tester" }, 0)).toEqual({ side: "canary", returning: false });
  expect(route({ "x-user": "tester", "x-canary": "stable" }, 1)).toEqual({
    side: "stable",
    returning: false,
  });
  expect(route({ "x-canary": "canary" }, 0).side).toBe("canary");
  expect(route({ "x-canary": "yes", "x-user": "u" }, 0)).toMatchObject({ side: "stable" });
  expect(route({}, 1)).toEqual({ side: "stable", returning: false });
});

test("a cookie of its own: set once, then known", () => {
  const own: SplitPlan = { unit: { from: "own-cookie", name: "unit" }, salt: "s", allow: [] };
  const first = routeOf(own, 0.5, asked({}));
  expect(first.returning).toBe(false);
  const cookie = /^unit=([\w-]{16}); Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/.exec(
    first.setCookie ?? "",
  )?.[1];
  const second = routeOf(own, 0.5, asked({ cookie: `a=b; unit=${cookie}; c=d` }));
  expect(second).toEqual({ side: first.side, unit: first.unit, returning: true });
});

test("by address, without the IPv6 form of IPv4", () => {
  const byAddress: SplitPlan = { unit: { from: "address" }, salt: "s", allow: ["10.0.0.7"] };
  expect(routeOf(byAddress, 0, asked({})).side).toBe("canary");
});
