import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { command } from "../commands.ts";
import type { StockImage } from "./images.ts";

const suite = "bookworm";
const mirror = "http://deb.debian.org/debian";

/** The build context of an image below `workplace`; a root that debootstrap made there before is used again. */
export async function makeContext(image: StockImage, workplace: string): Promise<string> {
  const context = join(workplace, `${image.name}.context`);
  rmSync(context, { recursive: true, force: true });
  mkdirSync(context);
  writeFileSync(join(context, "Dockerfile"), image.dockerfile);
  for (const [name, text] of Object.entries(image.files)) writeFileSync(join(context, name), text);
  if (image.include === undefined) await addBusybox(workplace, context);
  else await addRoot(image, image.include, workplace, join(context, "root.tar"));
  return context;
}

/** The distribution's own static busybox, from its package. */
async function addBusybox(workplace: string, context: string): Promise<void> {
  const place = join(workplace, "busybox");
  if (!existsSync(join(place, "bin/busybox"))) {
    mkdirSync(place, { recursive: true });
    await command("apt-get", ["download", "busybox-static"], { cwd: place });
    const file = readdirSync(place).find((name) => name.endsWith(".deb")) ?? "";
    await command("dpkg-deb", ["--extract", join(place, file), place]);
  }
  const program = ["bin/busybox", "usr/bin/busybox"].map((path) => join(place, path));
  copyFileSync(program.find((path) => existsSync(path)) ?? "", join(context, "busybox"));
}

async function addRoot(
  image: StockImage,
  include: readonly string[],
  workplace: string,
  archive: string,
): Promise<void> {
  const place = join(workplace, image.name);
  const cache = join(workplace, "debs");
  mkdirSync(cache, { recursive: true });
  if (!existsSync(place)) {
    const more = include.length === 0 ? [] : [`--include=${include.join(",")}`];
    const options = ["--variant=minbase", ...more, `--cache-dir=${cache}`];
    await command("debootstrap", [...options, suite, place, mirror]);
  }
  const left = [
    "./dev/*",
    "./proc/*",
    "./sys/*",
    "./var/cache/apt/archives/*.deb",
    "./var/lib/apt/lists/*",
  ];
  const excluded = left.map((pattern) => `--exclude=${pattern}`);
  const whole = ["--xattrs", "--xattrs-include=*", "--numeric-owner", "--sort=name"];
  await command("tar", [...whole, ...excluded, "-C", place, "-cf", archive, "."]);
}
