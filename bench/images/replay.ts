// `node bench/images/replay.ts STORE TAG`: one replay with digests of contents in a process of its own; seconds and MiB as JSON.
import { keepYoungSpaceSmall, openStore, replayLayers } from "@lithify/oci";

// As the commands that read trees do
keepYoungSpaceSmall();
const [directory = "", tag = ""] = process.argv.slice(2);
const image = await (await openStore(directory)).image(tag);
const started = performance.now();
const { size } = await replayLayers(image.layers);
const seconds = (performance.now() - started) / 1000;
const mebibytes = process.resourceUsage().maxRSS / 1024;
process.stdout.write(JSON.stringify({ size, seconds, mebibytes }));
