import { isFault } from "@lithify/fault";
import { openStore } from "../src/store/layout-store.ts";
import { withStoreLock } from "../src/store/store-lock.ts";
import { archiveOf, fileOf, inPieces } from "./archives.ts";

/** A process that writes a store until it has made so many images, or is killed. Says something when it has begun. */
const [directory = "", how = "", name = ""] = process.argv.slice(2);

try {
  const store = await openStore(directory);
  if (how === "hold") {
    await withStoreLock(directory, async () => {
      say("held");
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });
  } else if (how === "slow") {
    await store.write(slowly());
  } else {
    say("ready");
    const count = how === "forever" ? Number.POSITIVE_INFINITY : Number(how);
    for (let index = 0; index < count; index += 1) {
      const archive = await archiveOf([fileOf("a", `${name} ${index} `.repeat(20_000))]);
      const layer = await store.writeLayer(inPieces(archive), { compression: "none" });
      const config = { architecture: "amd64", os: "linux" };
      await store.tag(`${name}:${index}`, await store.writeImage({ config, layers: [layer] }));
    }
  }
} catch (error) {
  say(isFault(error) ? error.code : String(error));
  process.exitCode = 1;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function* slowly(): AsyncGenerator<Uint8Array> {
  yield Buffer.from("begun");
  say("begun");
  await new Promise((resolve) => setTimeout(resolve, 60_000));
  yield Buffer.from("never");
}
