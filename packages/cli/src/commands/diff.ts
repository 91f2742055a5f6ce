import { isDeepStrictEqual } from "node:util";
import { visible } from "@lithify/fault";
import { diffTrees, type Image, imageTree, keepYoungSpaceSmall, openImageAt } from "@lithify/oci";
import type { CommandSpec } from "../command.ts";
import { table } from "../style.ts";
import { imageOptions, readTransportOptions } from "../transport-options.ts";

export const command: CommandSpec = {
  args: "<a> <b>",
  options: imageOptions,
  examples: [
    "lithify diff web:1.4 web:sealed",
    "lithify diff web:1.4 docker://registry.example/web:1.4",
  ],
  async run(context, args, options) {
    keepYoungSpaceSmall();
    const [a = "", b = ""] = args;
    const { own, ...transport } = await readTransportOptions(context, options);
    const [before, after] = [
      await openImageAt(a, own, transport),
      await openImageAt(b, own, transport),
    ];
    const trees = [await treeOf(before), await treeOf(after)] as const;
    const paths = diffTrees(...trees);
    const config = configDifferences(before.image, after.image);
    return {
      exitCode: paths.length + config.length === 0 ? 0 : 1,
      document: { a: before.image.digest, b: after.image.digest, paths, config },
      lines: table([
        ...config.map(({ field, was, is }) => ["config", field, text(was), text(is)]),
        ...paths.map(({ path, kind, was, is }) => [
          kind,
          ...[path, was ?? "", is ?? ""].map(visible),
        ]),
      ]),
    };
  },
};

async function treeOf({ image, store }: Awaited<ReturnType<typeof openImageAt>>) {
  return (await imageTree(image, { store })).tree;
}

/** How containers start and what they run on; not times and history, which differ between any two builds. */
function configDifferences(a: Image, b: Image) {
  const flat = ({
    config: { os, architecture, config },
  }: Image): Readonly<Record<string, unknown>> => ({
    os,
    architecture,
    ...config,
  });
  const [was, is] = [flat(a), flat(b)];
  const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
  return fields
    .filter((field) => !isDeepStrictEqual(was[field], is[field]))
    .map((field) => ({ field, was: was[field] ?? null, is: is[field] ?? null }));
}

function text(value: unknown): string {
  return value === null ? "-" : JSON.stringify(value);
}
