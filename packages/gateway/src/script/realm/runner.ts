import type { ScriptFunction, ScriptHost } from "../script-host.ts";
import type { Guard } from "./guard.ts";
import type { MetadataMaker } from "./metadata.ts";
import type { BuiltinMaker } from "./modules.ts";
import type { SessionMaker } from "./session.ts";

/** Starts a compiled script for one run. */
export type StartScript = (host: ScriptHost, script: ScriptFunction, id: string) => void;

/**
 * Runs inside a realm (its text is evaluated there): gives a script its session, console and
 * require. User modules run anew in every run, so that their variables are never shared.
 */
export function installRunner(
  makers: { session: SessionMaker; metadata: MetadataMaker; builtin: BuiltinMaker; guard: Guard },
  defaultCategory: string,
): StartScript {
  const builtin = (host: ScriptHost, specifier: string): unknown => {
    const name = specifier.endsWith(".js") ? specifier.slice(0, -3) : specifier;
    if (name === "service-metadata") return makers.metadata.service(host);
    if (name === "header-metadata") return makers.metadata.header(host);
    if (name === "console") return makers.session.console(host, defaultCategory);
    return makers.builtin(name, host);
  };
  return (outside, script, id) => {
    const host = makers.guard(outside);
    const session = makers.session.session(host);
    const console = makers.session.console(host, defaultCategory);
    const loaded = new Map<string, { exports: unknown }>();
    const requireFrom =
      (from: string) =>
      (specifier: unknown): unknown => {
        const wanted = String(specifier);
        const known = loaded.get(wanted);
        const own = known?.exports ?? builtin(host, wanted);
        if (own !== undefined) {
          if (known === undefined) loaded.set(wanted, { exports: own });
          return own;
        }
        const { id: file, run } = host.userModule(wanted, from);
        const before = loaded.get(`file:${file}`);
        if (before !== undefined) return before.exports;
        const module = { exports: {} as unknown };
        loaded.set(`file:${file}`, module);
        run(session, console, requireFrom(file), module, module.exports);
        return module.exports;
      };
    const module = { exports: {} };
    script(session, console, requireFrom(id), module, module.exports);
  };
}
