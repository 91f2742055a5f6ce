import type { ServicePlan } from "../plan/service-plan.ts";
import { loadXmlLibrary } from "../xml/library.ts";
import type { SchemaStore } from "./schema-store.ts";

/**
 * Loads and compiles what a service needs before it takes messages, and nothing for one that does
 * without XML. Gives the reasons why it cannot be served.
 */
export async function prepareService(plan: ServicePlan, schemas: SchemaStore): Promise<string[]> {
  const types = [plan.requestType, plan.responseType];
  const matchesXml = plan.policy.some((entry) => entry.readsContent);
  if (!types.includes("xml") && !types.includes("soap") && !matchesXml) return [];
  await loadXmlLibrary();
  const reasons: string[] = [];
  if (types.includes("soap")) {
    try {
      schemas.xsd(plan.domain, plan.soapSchema);
    } catch (error) {
      const { file, line } = plan.origin;
      const why = `soap-schema-url ${plan.soapSchema}: ${(error as Error).message}`;
      reasons.push(`${plan.alias} "${plan.name}" (${file}:${line}): ${why}`);
    }
  }
  return reasons;
}
