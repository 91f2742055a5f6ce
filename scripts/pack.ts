// `npm run pack [-- DIR]`: bundles every package and packs it as it would be published, into DIR (.pack/).
// In a checkout packages are run from source, so `exports` names `src/`; the packed ones name `dist/`: the bundle, and
// the declarations of types beside it.
// The gateway also brings the program that goes into images: there is no bundler where it is installed.
import { execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { bundleGateway } from "../packages/build/src/base/gateway-program.ts";
import { bundlePackage } from "./bundle.ts";
import { root } from "./run.ts";

const target = resolve(process.argv[2] ?? join(root, ".pack"));
const staging = join(target, "staging");
const names = readdirSync(join(root, "packages"));

// What was compiled from files that are gone would be packed with the rest.
for (const name of names)
  rmSync(join(root, "packages", name, "dist"), { recursive: true, force: true });
rmSync(staging, { recursive: true, force: true });
mkdirSync(staging, { recursive: true });

const tsc = join(root, "node_modules", ".bin", "tsc");
const declarations = ["-b", "--force", "--emitDeclarationOnly", join(root, "packages", "cli")];
execFileSync(tsc, declarations, { stdio: ["ignore", 2, 2] });
for (const name of names) {
  stage(name);
  writeFiles(join(staging, name, "dist"), await bundlePackage(name));
}
await writeProgram(join(staging, "gateway", "program"));
for (const name of names) {
  const place = join(staging, name);
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--ignore-scripts", "--pack-destination", target], {
      cwd: place,
      encoding: "utf8",
      stdio: ["ignore", "pipe", 2],
    }),
  );
  process.stdout.write(`${join(target, packed.filename)}\n`);
}
rmSync(staging, { recursive: true });

async function writeProgram(place: string): Promise<void> {
  const [gatewayDirectory, faultDirectory] = ["gateway", "fault"].map((name) =>
    join(root, "packages", name),
  ) as [string, string];
  mkdirSync(place);
  writeFiles(place, await bundleGateway({ gatewayDirectory, faultDirectory }));
}

function writeFiles(place: string, files: ReadonlyMap<string, string>): void {
  for (const [name, text] of files) writeFileSync(join(place, name), text);
}

/** Copies what is published of a package and points its manifest at the compiled files. */
function stage(name: string): void {
  const from = join(root, "packages", name);
  const to = join(staging, name);
  const manifest = JSON.parse(readFileSync(join(from, "package.json"), "utf8"));
  const contents = ["dist", "bin", "data", "schema", "README.md"].filter((item) =>
    existsSync(join(from, item)),
  );
  for (const item of contents) cpSync(join(from, item), join(to, item), { recursive: true });
  cpSync(join(root, "LICENSE"), join(to, "LICENSE"));
  manifest.exports = { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } };
  manifest.files = [...contents, ...(name === "gateway" ? ["program"] : []), "LICENSE"];
  writeFileSync(join(to, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}
