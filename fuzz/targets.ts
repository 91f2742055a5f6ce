import { archiveTargets } from "./archive-targets.ts";
import { contentTargets } from "./content-targets.ts";
import { frontTargets } from "./front-targets.ts";
import { gatewayTargets } from "./gateway-targets.ts";
import { launchTargets } from "./launch-targets.ts";
import { scriptTargets } from "./script-targets.ts";
import type { Target } from "./target.ts";
import { textTargets } from "./text-targets.ts";
import { volumeTargets } from "./volume-targets.ts";
import { xmlTargets } from "./xml-targets.ts";

/** Every parser that reads what others wrote. */
export const targets: readonly Target[] = [
  ...archiveTargets,
  ...textTargets,
  ...gatewayTargets,
  ...frontTargets,
  ...volumeTargets,
  ...xmlTargets,
  ...contentTargets,
  ...launchTargets,
  ...scriptTargets,
];
