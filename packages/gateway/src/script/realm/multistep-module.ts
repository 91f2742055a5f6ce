import type { ScriptHost } from "../script-host.ts";
import type { RealmKit, scriptErrorCodes } from "./kit.ts";

/** Runs inside a realm (its text is evaluated there): makes the module multistep for one run. */
export function installMultistep(
  kit: RealmKit,
  codes: typeof scriptErrorCodes,
): (host: ScriptHost) => object {
  const contextOf = (value: unknown, host: ScriptHost): string => {
    const name = String(value);
    return name === "(input)" || name === "(output)" ? host.contextName(name) : name;
  };
  return (host) =>
    Object.freeze({
      /** `callRule(rule, input, output, [manager], callback)`; the manager has no effect here. */
      callRule(...values: readonly unknown[]): void {
        const done = kit.callback(values.at(-1));
        if (values.length < 4) throw new TypeError("callRule needs a rule, an input and an output");
        const [rule, input, output] = values;
        const finish = host.later((problem: string | undefined) =>
          done(problem === undefined ? undefined : kit.failure(codes.callFailed, problem)),
        );
        host.callRule(String(rule), contextOf(input, host), contextOf(output, host), finish);
      },
    });
}
