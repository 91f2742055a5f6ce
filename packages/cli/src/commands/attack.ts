import { type Attack, type AttackResult, attack } from "@lithify/engine";
import { Fault } from "@lithify/fault";
import type { CommandSpec } from "../command.ts";
import { instanceNamed } from "../instances.ts";
import { table } from "../style.ts";

const operations = ["overwrite", "create", "rename", "chmod"] as const;

export const command: CommandSpec = {
  args: "<instance> <paths...>",
  options: [
    { flags: "--try <operation>", about: `one of ${operations.join(", ")} (all)`, isList: true },
    { flags: "--keep", about: "leave the changes in place; otherwise they are put back at once" },
    { flags: "--engine <name>", about: "local or docker; else LITHIFY_ENGINE, else local" },
  ],
  examples: [
    "lithify attack web /drouter/local/echo/echo.js",
    "lithify attack web /drouter/config/new.cfg --try create",
  ],
  async run(context, args, options) {
    const [name = "", ...paths] = args;
    const tried = options.list("try").map(operationOf);
    const attacks = paths.flatMap((path) =>
      (tried.length > 0 ? tried : operations).map(
        (operation): Attack => ({
          operation,
          path: pathFor(operation, path),
          keep: options.isSet("keep"),
        }),
      ),
    );
    const instance = await instanceNamed(await context.wire.engine(options.text("engine")), name);
    const results = await attack(instance, attacks);
    const { good, bad, warn } = context.style;
    const word = { allowed: bad, denied: good, inconclusive: warn };
    return {
      exitCode: results.some((one) => one.observed === "allowed") ? 1 : 0,
      document: { instance: instance.name, attempts: results },
      lines: table(
        results.map((one) => [
          word[one.observed](one.observed),
          one.operation,
          one.path,
          one.errno ?? "",
        ]),
      ),
    };
  },
};

/** A file cannot be created where one is: a new one beside it is tried. */
function pathFor(operation: AttackResult["operation"], path: string): string {
  return operation === "create" ? `${path}.lithify-attack` : path;
}

function operationOf(text: string): Attack["operation"] {
  const found = operations.find((operation) => operation === text);
  if (found !== undefined) return found;
  throw new Fault("USAGE", "--try", {
    why: `it is one of ${operations.join(", ")}`,
    values: { try: text },
  });
}
