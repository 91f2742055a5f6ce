// Runs a step that does not end, for a test that kills this process. Argument: the directory of a store with an image `base`.
import { openStore } from "@lithify/oci";
import { openSandbox } from "../../src/steps/sandbox.ts";

const store = await openStore(process.argv[2] ?? "");
const image = await store.image("base");
await openSandbox({ store }).run(
  {
    layers: image.layers,
    command: ["/bin/sh", "-c", "while :; do sleep 1; done"],
    env: ["PATH=/bin"],
    workingDirectory: "/",
    user: "",
    process: {},
    network: "none",
    mounts: [],
  },
  { output: () => {} },
);
