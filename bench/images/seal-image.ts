// `node bench/images/seal-image.ts STORE TAG`: one seal in a process of its own; what it did as JSON.
import { keepYoungSpaceSmall, openStore } from "@lithify/oci";
import { parsePolicy, seal } from "@lithify/seal";

// As `lithify seal` does
keepYoungSpaceSmall();
const [directory = "", tag = ""] = process.argv.slice(2);
const store = await openStore(directory);
const image = await store.image(tag);
const policy = await parsePolicy("version: 1\nprofile: generic\n", "lithify.yaml");
const started = performance.now();
const { plan, bytesAdded, bytesRewritten, sealed } = await seal(store, image, policy);
const seconds = (performance.now() - started) / 1000;
const before = new Set<string>(image.layers.map(({ digest }) => digest));
const after = sealed.image.layers.filter(({ digest }) => !before.has(digest));
process.stdout.write(
  JSON.stringify({
    seconds,
    bytesAdded,
    bytesRewritten,
    newLayers: after.length,
    actions: plan.map(({ action }) => action),
    mebibytes: process.resourceUsage().maxRSS / 1024,
  }),
);
