import { everyAction } from "../plan/every-action.ts";
import type { ServicePlan } from "../plan/service-plan.ts";
import { loadXml } from "../xml/load-xml.ts";
import { loadRunners } from "./actions/run-action.ts";
import type { SchemaStore } from "./schema-store.ts";

/** Actions that parse XML or evaluate expressions. */
const xmlActions: ReadonlySet<string> = new Set([
  "conditional",
  "convert-http",
  "extract",
  "filter",
  "for-each",
  "validate",
  "xform",
  "xformbin",
  "xformng",
  "xformpi",
]);

/**
 * Loads and compiles what a service needs before it takes messages, and nothing for one that does
 * without XML. Gives the reasons why it cannot be served.
 */
export async function prepareService(plan: ServicePlan, schemas: SchemaStore): Promise<string[]> {
  const actions = [...everyAction(plan.rules.values())];
  await loadRunners(actions.map(({ type }) => type));
  const types: readonly string[] = [plan.requestType, plan.responseType];
  const needsXml =
    types.includes("xml") ||
    types.includes("soap") ||
    plan.policy.some((entry) => entry.readsContent) ||
    actions.some(({ type }) => xmlActions.has(type));
  if (!needsXml) return [];
  await loadXml();
  const reasons: string[] = [];
  const attempt = async (
    what: string,
    { file, line }: ServicePlan["origin"],
    compile: () => unknown,
  ): Promise<void> => {
    try {
      await compile();
    } catch (error) {
      reasons.push(`${what} (${file}:${line}): ${(error as Error).message}`);
    }
  };
  if (types.includes("soap")) {
    const what = `${plan.alias} "${plan.name}"`;
    await attempt(what, plan.origin, () => schemas.xsd(plan.domain, plan.soapSchema));
  }
  if (types.includes("soap") || types.includes("xml")) {
    for (const { schema, origin } of plan.xmlValidations) {
      await attempt(`xml validate of "${plan.xmlManager}"`, origin, () =>
        schemas.xsd(plan.domain, schema),
      );
    }
  }
  for (const action of actions) {
    if (action.type !== "validate" || action.url.startsWith("var://")) continue;
    await attempt(`action "${action.name}"`, action.origin, () =>
      schemas[action.language](plan.domain, action.url),
    );
  }
  return reasons;
}
