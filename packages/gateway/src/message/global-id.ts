import { randomFillSync } from "node:crypto";

/** Hexadecimal digits of one identity. */
const digits = 24;
const bytes = Buffer.alloc((digits / 2) * 256);
/** The digits of those to come, made for many at once. */
let pool = "";
let at = 0;

/** 24 random hexadecimal digits: the identity of a transaction across gateways. */
export function globalId(): string {
  if (at === pool.length) {
    pool = randomFillSync(bytes).toString("hex");
    at = 0;
  }
  at += digits;
  return pool.slice(at - digits, at);
}
