import { containerLaunch } from "./kubernetes-container.ts";
import { podFields, podless } from "./kubernetes-fields.ts";
import type { Launch } from "./launch.ts";
import { launchFault } from "./launch-fault.ts";
import { type YamlField, yamlFields } from "./yaml-field.ts";

/** Lists in lists that are followed. */
const listDepth = 5;

/**
 * Every container of a Kubernetes manifest: Pod, Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, CronJob,
 * PodTemplate, what else has `spec.template.spec.containers`, and Lists of them; one document or several.
 * Kinds that start nothing are passed over. Throws Fault LAUNCH_INVALID with the place.
 */
export function kubernetesLaunches(text: string, file: string): readonly Launch[] {
  const documents = yamlFields(text, file);
  const found = documents.flatMap((document) => objectLaunches(document, 0));
  if (found.length > 0) return found;
  throw launchFault(
    documents[0]?.place ?? { file, line: 1, column: 1 },
    "it holds no pod",
    "Name a file with a Pod, Deployment, StatefulSet, DaemonSet, Job or CronJob.",
  );
}

function objectLaunches(object: YamlField, depth: number): readonly Launch[] {
  const kind = object.at("kind")?.text();
  if (kind === undefined || object.at("apiVersion") === undefined) {
    throw object.wrong(
      "it has no kind or no apiVersion",
      "A compose file is given with --compose.",
    );
  }
  if (kind === "List") {
    if (depth >= listDepth) throw object.wrong(`lists go deeper than ${listDepth}`);
    return (object.at("items")?.items() ?? []).flatMap((item) => objectLaunches(item, depth + 1));
  }
  const pod = podOf(object, kind);
  if (pod === undefined) return [];
  pod.allow(podFields);
  const claims = object.at("spec")?.at("volumeClaimTemplates")?.items() ?? [];
  return podLaunches(pod, {
    owner: `${kind.toLowerCase()}/${nameOf(object)}`,
    claims: claims.flatMap((claim) => claim.at("metadata")?.at("name")?.text() ?? []),
  });
}

function podOf(object: YamlField, kind: string): YamlField | undefined {
  if (podless.includes(kind)) return undefined;
  const need = (field: YamlField | undefined, key: string) => {
    const found = field?.at(key);
    if (found === undefined) throw (field ?? object).wrong(`${kind} has no ${key}`);
    return found;
  };
  if (kind === "Pod") return need(object, "spec");
  if (kind === "PodTemplate") return need(need(object, "template"), "spec");
  if (kind === "CronJob") {
    const job = need(need(object, "spec"), "jobTemplate");
    return need(need(need(job, "spec"), "template"), "spec");
  }
  const known = [
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "ReplicaSet",
    "ReplicationController",
    "Job",
  ];
  if (known.includes(kind)) return need(need(need(object, "spec"), "template"), "spec");
  const spec = object.at("spec");
  const template = spec?.isMap === true ? spec.at("template") : undefined;
  const pod = template?.isMap === true ? template.at("spec") : undefined;
  if (pod?.isMap === true && pod.at("containers") !== undefined) return pod;
  throw object.wrong(
    `${kind} is no kind that is known here`,
    "Give the pods that it makes, or take it out of the file.",
  );
}

function podLaunches(
  pod: YamlField,
  about: { readonly owner: string; readonly claims: readonly string[] },
): readonly Launch[] {
  const containers = (["initContainers", "containers", "ephemeralContainers"] as const).flatMap(
    (list) => (pod.at(list)?.items() ?? []).map((field) => ({ list, field })),
  );
  if (pod.at("containers") === undefined) throw pod.wrong("the pod has no containers");
  const targets = containers.flatMap(({ field }) => field.at("targetContainerName") ?? []);
  return containers.map(({ list, field }) =>
    containerLaunch(field, pod, {
      ...about,
      isMain: list === "containers",
      siblings: containers.length - 1,
      targets,
    }),
  );
}

function nameOf(object: YamlField): string {
  const metadata = object.at("metadata");
  const name = metadata?.at("name") ?? metadata?.at("generateName");
  return name?.text() ?? "unnamed";
}
