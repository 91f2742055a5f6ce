import { mountFields, readOnlySources } from "./kubernetes-fields.ts";
import type { LaunchMount, Said } from "./launch.ts";
import type { YamlField } from "./yaml-field.ts";

/** What a container's volumeMounts put where. Throws Fault LAUNCH_INVALID for a mount of a volume that is not there. */
export function mountsOf(
  container: YamlField,
  pod: YamlField,
  claims: readonly string[],
): readonly LaunchMount[] {
  const volumes = volumesOf(pod);
  const mounts = (container.at("volumeMounts")?.items() ?? []).map((mount): LaunchMount => {
    mount.allow(mountFields);
    const name = mount.at("name")?.text() ?? "";
    const target = mount.at("mountPath");
    if (target === undefined) throw mount.wrong("a volumeMount has no mountPath");
    const volume = volumes.get(name) ?? (claims.includes(name) ? claimed(name) : undefined);
    if (volume === undefined) throw mount.wrong(`the pod has no volume ${name}`);
    const sub = mount.at("subPath")?.text() ?? mount.at("subPathExpr")?.text();
    const hostPath = sub === undefined ? volume.hostPath : within(volume.hostPath, sub);
    return {
      target: absolute(target),
      what: sub === undefined ? volume.what : `${sub} of ${volume.what}`,
      writable: volume.writable && mount.at("readOnly")?.truth() !== true,
      ...(hostPath === undefined ? {} : { hostPath }),
      place: mount.place,
    };
  });
  return [...mounts, ...terminationMessage(container)];
}

/** Block volumes, and device nodes of the host that are mounted as files. */
export function devicesOf(container: YamlField, pod: YamlField): readonly Said<string>[] {
  const blocks = (container.at("volumeDevices")?.items() ?? []).map((device) => {
    const path = device.at("devicePath");
    if (path === undefined) throw device.wrong("a volumeDevice has no devicePath");
    return { value: absolute(path), place: device.place };
  });
  const volumes = volumesOf(pod);
  const nodes = (container.at("volumeMounts")?.items() ?? []).flatMap((mount) => {
    const isDevice = volumes.get(mount.at("name")?.text() ?? "")?.isDevice === true;
    // Read-only mounts do not stop writing to a device behind a node.
    return isDevice ? [{ value: mount.at("mountPath")?.text() ?? "", place: mount.place }] : [];
  });
  return [...blocks, ...nodes];
}

interface Volume {
  readonly what: string;
  readonly writable: boolean;
  readonly hostPath?: string;
  readonly isDevice?: boolean;
}

function volumesOf(pod: YamlField): ReadonlyMap<string, Volume> {
  const found = new Map<string, Volume>();
  for (const volume of pod.at("volumes")?.items() ?? []) {
    const name = volume.at("name")?.text() ?? "";
    const sources = volume.entries().filter(([key]) => key !== "name");
    const [source] = sources;
    // A volume without a source is an emptyDir.
    if (source === undefined) found.set(name, { what: `the emptyDir ${name}`, writable: true });
    else if (sources.length > 1) throw volume.wrong(`the volume ${name} has several sources`);
    else found.set(name, volumeOf(name, ...source));
  }
  return found;
}

function volumeOf(name: string, kind: string, source: YamlField): Volume {
  if (kind === "hostPath") {
    const path = source.at("path")?.text();
    if (path === undefined) throw source.wrong("a hostPath has no path");
    const type = source.at("type")?.text() ?? "";
    return {
      what: `${path} of the node`,
      writable: true,
      hostPath: path,
      isDevice: type === "BlockDevice" || type === "CharDevice",
    };
  }
  const isReadOnly =
    readOnlySources.includes(kind) || (source.isMap && source.at("readOnly")?.truth() === true);
  return { what: `the ${kind} ${name}`, writable: !isReadOnly };
}

function claimed(name: string): Volume {
  return { what: `the claim ${name}`, writable: true };
}

/** The kubelet mounts a writable file there; by default below /dev. */
function terminationMessage(container: YamlField): readonly LaunchMount[] {
  const path = container.at("terminationMessagePath");
  if (path === undefined) return [];
  const what = "the file for the termination message";
  return [{ target: absolute(path), what, writable: true, place: path.place }];
}

function absolute(field: YamlField): string {
  const path = field.text();
  if (path.startsWith("/")) return path;
  throw field.wrong(`${field.name} must be an absolute path`);
}

function within(hostPath: string | undefined, sub: string): string | undefined {
  return hostPath === undefined ? undefined : `${hostPath.replace(/\/+$/u, "")}/${sub}`;
}
