import type { Instance, InstanceFacts } from "@lithify/engine";
import type { Change } from "./change.ts";

/** How long a gateway may take to say what it serves differently, in milliseconds. */
const answerTime = 2000;
/** Largest answer that is read, in bytes. */
const largestAnswer = 1024 * 1024;

/** The names of differences, as a gateway gives them on its health port. */
interface ServedDifference {
  readonly domain: string;
  readonly change: string;
  readonly object: string;
  readonly property?: string;
}

/**
 * What a gateway serves otherwise than its files say: changes in memory, which no look at files can
 * find. Nothing for an instance that is no gateway, or whose gateway does not answer.
 */
export async function servedChanges(
  instance: Instance,
  facts: InstanceFacts,
): Promise<readonly Change[]> {
  if (!isGateway(facts)) return [];
  const variable = facts.env.find((each) => each.startsWith("GATEWAY_HEALTH_PORT="));
  const number = Number(variable?.split("=")[1] ?? "7879");
  try {
    const { host, port } = instance.address(number);
    const signal = AbortSignal.timeout(answerTime);
    const answer = await fetch(`http://${host}:${port}/drift`, { signal, redirect: "error" });
    const text = await answer.text();
    return answer.ok && text.length <= largestAnswer ? changesOf(JSON.parse(text)) : [];
  } catch {
    return [];
  }
}

/** True for an instance that was started as a gateway: the entry of the base image. */
function isGateway({ started }: InstanceFacts): boolean {
  return started[0]?.endsWith("/drouter") ?? false;
}

/** The changes of an answer; nothing for what is no such answer. */
export function changesOf(document: unknown): readonly Change[] {
  const { differences } = (document ?? {}) as { readonly differences?: unknown };
  if (!Array.isArray(differences)) return [];
  return differences.filter(isDifference).map(({ domain, change, object, property }) => ({
    kind: "configuration",
    class: "violation",
    path: `${domain}: ${object}${property === undefined ? "" : ` ${property}`}`,
    is: `${change} in memory`,
  }));
}

function isDifference(value: unknown): value is ServedDifference {
  if (typeof value !== "object" || value === null) return false;
  const { domain, change, object, property } = value as Record<string, unknown>;
  const isText = (each: unknown): boolean => typeof each === "string";
  return [domain, change, object].every(isText) && (property === undefined || isText(property));
}
