import { randomFillSync } from "node:crypto";

const size = 12;
const pool = Buffer.alloc(size * 256);
let at = pool.length;

/** 24 random hexadecimal digits: the identity of a transaction across gateways. */
export function globalId(): string {
  if (at === pool.length) {
    randomFillSync(pool);
    at = 0;
  }
  at += size;
  return pool.toString("hex", at - size, at);
}
