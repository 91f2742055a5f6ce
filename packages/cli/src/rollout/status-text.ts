import type { RolloutStatus } from "@lithify/rollout";
import { type Style, table } from "../style.ts";

/** A rollout's status for people: the verdict first, then the two sides, the evidence and the why. */
export function statusLines(status: RolloutStatus, style: Style): readonly string[] {
  const phase =
    status.phase === "completed"
      ? style.good(status.phase)
      : status.phase === "rolledBack"
        ? style.bad(status.phase)
        : style.warn(status.phase);
  return [
    `${phase}  ${status.name}, step ${status.step} of ${status.steps}, ${percent(status.weight)} of users on the canary`,
    ...table(
      [
        ["", "DIGEST", "REQUESTS", "ERRORS"].map(style.dim),
        [
          "stable",
          status.stable.digest.slice(7, 19),
          String(status.stable.requests),
          String(status.stable.errors),
        ],
        [
          "canary",
          status.canary.digest.slice(7, 19),
          String(status.canary.requests),
          String(status.canary.errors),
        ],
      ],
      [2, 3],
    ),
    ...table(
      status.evidence.map((one) => [
        one.metric,
        `harm ${number(one.eHarm)}`,
        `safety ${number(one.eSafety)}`,
      ]),
    ),
    style.dim(status.why),
  ];
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(2))} %`;
}

/** E-values span many orders of magnitude. */
function number(value: number): string {
  return value >= 1000 || value < 0.01 ? value.toExponential(1) : value.toPrecision(3);
}
