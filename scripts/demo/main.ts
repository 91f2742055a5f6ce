// `npm run demo`: the whole story on this machine, from an empty store to a rollback. Every line it prints
// comes from what happened in this run; a step that does not come out as it should ends the demo with exit code 1.
import { attackMutable, attackSealed } from "./attack.ts";
import { assembleBase, buildExample, runMutable } from "./image.ts";
import { rolloutBad, rolloutGood } from "./rollout.ts";
import { Screen } from "./screen.ts";
import { auditAndRun, sealImage, tamper } from "./seal.ts";
import { closeWorld, openWorld } from "./world.ts";

const screen = new Screen(10);
const world = await openWorld(screen);
try {
  await screen.step("gateway base image", () => assembleBase(world));
  await screen.step("build the example", () => buildExample(world));
  await screen.step("run it mutable, call it", () => runMutable(world));
  await screen.step("attack the mutable instance", () => attackMutable(world));
  await screen.step("seal", () => sealImage(world));
  await screen.step("audit, run sealed", () => auditAndRun(world));
  await screen.step("attack the sealed instance", () => attackSealed(world));
  await screen.step("tamper, look for drift", () => tamper(world));
  await screen.step("canary of a good change", () => rolloutGood(world));
  await screen.step("canary of a bad change", () => rolloutBad(world));
  screen.table();
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  await closeWorld(world);
}
