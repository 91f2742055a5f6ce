import { volumeKeys } from "./compose-keys.ts";
import { composeText } from "./compose-text.ts";
import { mountOf, shortMount, tmpfsMount } from "./docker-mounts.ts";
import type { LaunchMount } from "./launch.ts";
import type { YamlField } from "./yaml-field.ts";

/** Volumes, tmpfs, configs and secrets of a service, and the engine's socket. Throws Fault LAUNCH_INVALID. */
export function composeMounts(service: YamlField): readonly LaunchMount[] {
  const tmpfs = service.at("tmpfs");
  const list = tmpfs === undefined ? [] : tmpfs.isList ? tmpfs.items() : [tmpfs];
  const socket = service.at("use_api_socket");
  return [
    ...(service.at("volumes")?.items() ?? []).map(volumeOf),
    ...list.map((item) => tmpfsMount(composeText(item).value, item.place)),
    ...(service.at("configs")?.items() ?? []).map((item) => fileOf(item, "config", "/")),
    ...(service.at("secrets")?.items() ?? []).map((item) =>
      fileOf(item, "secret", "/run/secrets/"),
    ),
    ...(socket?.truth() === true ? [socketMount(socket)] : []),
  ];
}

function volumeOf(volume: YamlField): LaunchMount {
  // A source may hold variables: what decides is where it goes.
  if (!volume.isMap) return shortMount(volume.text(), volume.place);
  volume.allow(volumeKeys);
  const target = volume.at("target");
  if (target === undefined) throw volume.wrong("a volume has no target");
  const path = composeText(target).value;
  if (!path.startsWith("/")) throw target.wrong("target must be an absolute path");
  const recursive = volume.at("bind")?.at("recursive")?.text();
  return mountOf({
    kind: volume.at("type")?.text() ?? "volume",
    source: volume.at("source")?.text(),
    target: path,
    isReadOnly: volume.at("read_only")?.truth() === true,
    keepsSubmounts: recursive === "writable" || recursive === "disabled",
    place: volume.place,
  });
}

/** A config or secret is mounted as one file, read-only. */
function fileOf(item: YamlField, kind: "config" | "secret", base: string): LaunchMount {
  const isMap = item.isMap;
  const name = isMap ? item.at("source")?.text() : item.text();
  const written = (isMap ? item.at("target")?.text() : undefined) ?? name ?? "";
  const target = written.startsWith("/") ? written : base + written;
  return { target, what: `the ${kind} ${name ?? ""}`, writable: false, place: item.place };
}

function socketMount(field: YamlField): LaunchMount {
  const path = "/var/run/docker.sock";
  return {
    target: path,
    what: "the engine's socket",
    writable: true,
    hostPath: path,
    place: field.place,
  };
}
