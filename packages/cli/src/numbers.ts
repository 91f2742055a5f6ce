import { Fault } from "@lithify/fault";
import type { Options } from "./command.ts";

/** `5%` or `0.05`, from 0 to 1. @throws Fault USAGE */
export function shareOf(options: Options, name: string, fallback: string): number {
  const text = options.text(name) ?? fallback;
  const value = text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new Fault("USAGE", `--${name}`, {
    why: "it takes a share, as 5% or 0.05",
    values: { given: text },
  });
}

/** A number of an option, within bounds. @throws Fault USAGE */
export function numberOf(
  options: Options,
  name: string,
  fallback: string,
  least: number,
  most: number,
): number {
  const text = options.text(name) ?? fallback;
  const value = Number(text);
  if (text.trim() !== "" && value >= least && value <= most) return value;
  throw new Fault("USAGE", `--${name}`, {
    why: `it takes a number from ${least} to ${most}`,
    values: { given: text },
  });
}
