// `npm test [-- FILTER ...]`: unit tests, then the tests on the real system.
import { run } from "./run.ts";

process.exit(run("vitest", ["run", ...process.argv.slice(2)]));
