import type { ManifestPlace } from "../access/manifest-place.ts";
import type { SecurityContext } from "../identity/security-context.ts";
import { decidingVariable } from "./deciding-variable.ts";
import { containerContextFields, containerFields, podContextFields } from "./kubernetes-fields.ts";
import { devicesOf, mountsOf } from "./kubernetes-volumes.ts";
import type { Launch, Said } from "./launch.ts";
import type { YamlField } from "./yaml-field.ts";

/** What a container's pod says besides its own fields. */
export interface PodAbout {
  readonly owner: string;
  /** Names of volumes that a StatefulSet claims. */
  readonly claims: readonly string[];
  readonly isMain: boolean;
  /** Other containers of the pod. */
  readonly siblings: number;
  /** `targetContainerName` of the pod's ephemeral containers. */
  readonly targets: readonly YamlField[];
}

/** One container of a pod. Throws Fault LAUNCH_INVALID with the place. */
export function containerLaunch(field: YamlField, pod: YamlField, about: PodAbout): Launch {
  field.allow(containerFields);
  const container = field.at("name")?.text();
  if (container === undefined) throw field.wrong("a container has no name");
  const settings = settingsOf(field, pod);
  const image = field.at("image");
  const privileged = settings.own("privileged");
  const procMount = settings.own("procMount");
  const variables = variablesOf(field);
  const command = wordsAt(field, "command");
  const args = wordsAt(field, "args");
  const name = `${about.owner}:${container}`;
  return {
    format: "kubernetes",
    name,
    container,
    isMain: about.isMain,
    place: field.place,
    ...(image === undefined ? {} : { image: said(image, image.text()) }),
    user: {
      by: "kubernetes",
      context: contextOf(settings),
      runAsNonRoot: settings.both("runAsNonRoot")?.truth() === true,
    },
    userPlace: (settings.both("runAsUser") ?? field.at("securityContext") ?? field).place,
    readOnlyRoot: readOnlyRootOf(settings, field),
    ...(privileged?.truth() === true ? { privileged: privileged.place } : {}),
    mounts: mountsOf(field, pod, about.claims),
    devices: devicesOf(field, pod),
    sharedProcesses: sharedProcesses(pod, about, container),
    ...(procMount?.text() === "Unmasked" ? { unmasked: procMount.place } : {}),
    command: {
      ...(command === undefined ? {} : { entrypoint: command }),
      ...(args === undefined ? {} : { command: args }),
      env: variables.env,
      ...textAt(field, "workingDir"),
      // The kubelet does not run an image's HEALTHCHECK.
      health: [],
      more: probesOf(field),
    },
    unknown: variables.unknown,
    open: openOf(settings, pod, field),
  };
}

interface Settings {
  /** Of the container alone. */
  own(key: string): YamlField | undefined;
  /** Of the container, else of the pod. */
  both(key: string): YamlField | undefined;
  ofPod(key: string): YamlField | undefined;
}

function settingsOf(field: YamlField, pod: YamlField): Settings {
  const own = field.at("securityContext");
  const ofPod = pod.at("securityContext");
  own?.allow(containerContextFields);
  ofPod?.allow(podContextFields);
  return {
    own: (key) => own?.at(key),
    ofPod: (key) => ofPod?.at(key),
    both: (key) => own?.at(key) ?? ofPod?.at(key),
  };
}

function contextOf(settings: Settings): SecurityContext {
  const capabilities = settings.own("capabilities");
  capabilities?.allow(["add", "drop"]);
  const policy = settings.ofPod("supplementalGroupsPolicy");
  const policyText = policy?.text();
  if (policyText !== undefined && policyText !== "Merge" && policyText !== "Strict") {
    throw policy?.wrong("supplementalGroupsPolicy is Merge or Strict");
  }
  const change = settings.ofPod("fsGroupChangePolicy");
  if (change !== undefined && !["Always", "OnRootMismatch"].includes(change.text())) {
    throw change.wrong("fsGroupChangePolicy is Always or OnRootMismatch");
  }
  return withoutUndefined({
    runAsUser: settings.both("runAsUser")?.id(),
    runAsGroup: settings.both("runAsGroup")?.id(),
    fsGroup: settings.ofPod("fsGroup")?.id(),
    supplementalGroups: settings
      .ofPod("supplementalGroups")
      ?.items()
      .map((item) => item.id()),
    supplementalGroupsPolicy: policyText as SecurityContext["supplementalGroupsPolicy"],
    allowPrivilegeEscalation: settings.own("allowPrivilegeEscalation")?.truth(),
    privileged: settings.own("privileged")?.truth(),
    addCapabilities: capabilities
      ?.at("add")
      ?.items()
      .map((item) => item.text()),
    dropCapabilities: capabilities
      ?.at("drop")
      ?.items()
      .map((item) => item.text()),
  });
}

function readOnlyRootOf(settings: Settings, field: YamlField): Said<boolean> {
  const found = settings.own("readOnlyRootFilesystem");
  if (found !== undefined) return said(found, found.truth());
  return { value: false, place: (field.at("securityContext") ?? field).place };
}

function sharedProcesses(
  pod: YamlField,
  about: PodAbout,
  container: string,
): readonly Said<string>[] {
  const host = pod.at("hostPID");
  const shared = pod.at("shareProcessNamespace");
  const target = about.targets.find((each) => each.text() === container);
  return [
    ...(host?.truth() === true
      ? [said(host, "hostPID puts it among the processes of the node")]
      : []),
    ...(shared?.truth() === true && about.siblings > 0
      ? [
          said(
            shared,
            `shareProcessNamespace puts it among the processes of ${about.siblings} other ${about.siblings === 1 ? "container" : "containers"}`,
          ),
        ]
      : []),
    ...(target === undefined
      ? []
      : [said(target, "an ephemeral container is put among its processes")]),
  ];
}

/** Variables with their values; those that decide what runs and whose value the manifest does not hold are unknown. */
function variablesOf(field: YamlField): {
  readonly env: readonly string[];
  readonly unknown: readonly Said<string>[];
} {
  const env: string[] = [];
  const unknown: Said<string>[] = [];
  for (const item of field.at("env")?.items() ?? []) {
    item.allow(["name", "value", "valueFrom"]);
    const name = item.at("name")?.text() ?? "";
    const from = item.at("valueFrom");
    const value = item.at("value")?.text() ?? "";
    if (from !== undefined || value.includes("$(")) {
      const why =
        from === undefined ? "its value is put together" : "its value is not in the manifest";
      if (decidingVariable(name)) unknown.push(said(item, `${name} decides what runs, and ${why}`));
      continue;
    }
    env.push(`${name}=${value}`);
  }
  return { env, unknown };
}

function probesOf(field: YamlField): readonly (readonly [string, readonly string[]])[] {
  const lifecycle = field.at("lifecycle");
  const hooks = [
    ...["livenessProbe", "readinessProbe", "startupProbe"].map(
      (key) => [key, field.at(key)] as const,
    ),
    ...["postStart", "preStop"].map((key) => [key, lifecycle?.at(key)] as const),
  ];
  return hooks.flatMap(([key, hook]) => {
    const command = hook?.at("exec")?.at("command");
    return command === undefined
      ? []
      : [[key, command.items().map((item) => item.text())] as const];
  });
}

function openOf(settings: Settings, pod: YamlField, field: YamlField): readonly string[] {
  const at = (place: ManifestPlace) => `${place.file}:${place.line}`;
  const seccomp = settings.both("seccompProfile")?.at("type");
  const appArmor = settings.both("appArmorProfile")?.at("type");
  const envFrom = field.at("envFrom");
  return [
    ...(pod.at("automountServiceAccountToken")?.truth() === false
      ? []
      : [
          "What its service account may do in the cluster is not looked at; it gets the account's token unless the account says otherwise (35).",
        ]),
    ...(seccomp?.text() === "RuntimeDefault" || seccomp?.text() === "Localhost"
      ? []
      : [
          seccomp === undefined
            ? "No seccompProfile is set: whether user namespaces can be made is the kubelet's choice (31)."
            : `${at(seccomp.place)} takes the seccomp profile away: user namespaces can be made where the kernel allows it (31).`,
        ]),
    ...(appArmor?.text() === "Unconfined"
      ? [`${at(appArmor.place)} takes the AppArmor profile away.`]
      : []),
    ...(pod.at("hostIPC")?.truth() === true
      ? ["It shares System V memory and /dev/shm with the node."]
      : []),
    ...(pod.at("hostNetwork")?.truth() === true
      ? ["It shares the node's network, abstract sockets included (35)."]
      : []),
    ...(envFrom === undefined
      ? []
      : [
          `${at(envFrom.place)} takes variables from elsewhere; one that decides what runs is not seen (23 to 26).`,
        ]),
  ];
}

function wordsAt(field: YamlField, key: string): readonly string[] | undefined {
  return field
    .at(key)
    ?.items()
    .map((item) => item.text());
}

function textAt(field: YamlField, key: string): { readonly workingDirectory?: string } {
  const found = field.at(key)?.text();
  return found === undefined ? {} : { workingDirectory: found };
}

function said<T>(field: YamlField, value: T): Said<T> {
  return { value, place: field.place };
}

function withoutUndefined(
  context: { [Key in keyof SecurityContext]: SecurityContext[Key] | undefined },
): SecurityContext {
  return Object.fromEntries(
    Object.entries(context).filter(([, value]) => value !== undefined),
  ) as SecurityContext;
}
