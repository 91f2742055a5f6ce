import type { ManifestPlace } from "../access/manifest-place.ts";
import type { LaunchMount } from "./launch.ts";
import { launchFault } from "./launch-fault.ts";

/** `-v [SOURCE:]TARGET[:OPTIONS]`, as Docker and compose read it on Linux. */
export function shortMount(text: string, place: ManifestPlace): LaunchMount {
  const parts = text.split(":");
  if (parts.length > 3) throw launchFault(place, `${text} has more than two colons`);
  const [first = "", second, options = ""] = parts;
  const target = absolute(second ?? first, place);
  if (second === undefined) return { target, what: "an anonymous volume", writable: true, place };
  const words = options.split(",").filter((word) => word !== "");
  const odd = words.find((word) => !shortOptions.test(word));
  if (odd !== undefined) throw launchFault(place, `${odd} is no option of a volume`);
  return { target, ...sourceOf(first), writable: !words.includes("ro"), place };
}

const shortOptions =
  /^(?:ro|rw|z|Z|nocopy|copy|consistent|cached|delegated|U|r?(?:private|shared|slave))$/u;

/** `--tmpfs TARGET[:OPTIONS]`. */
export function tmpfsMount(text: string, place: ManifestPlace): LaunchMount {
  const colon = text.indexOf(":");
  const target = absolute(colon === -1 ? text : text.slice(0, colon), place);
  const options = colon === -1 ? [] : text.slice(colon + 1).split(",");
  return { target, what: "a tmpfs", writable: !options.includes("ro"), place };
}

/** `--mount type=…,source=…,target=…`: words divided by commas, quoted as in CSV. */
export function longMount(text: string, place: ManifestPlace): LaunchMount {
  const values = new Map<string, string>();
  for (const word of csvWords(text, place)) {
    const equals = word.indexOf("=");
    const key = (equals === -1 ? word : word.slice(0, equals)).trim().toLowerCase();
    const name = mountKeys[key];
    if (name === undefined) throw launchFault(place, `${key} is no key of --mount`);
    values.set(name, equals === -1 ? "true" : word.slice(equals + 1));
  }
  const kind = values.get("type") ?? "volume";
  const target = values.get("target");
  if (target === undefined) throw launchFault(place, "--mount has no target");
  return mountOf({
    kind,
    source: values.get("source"),
    target: absolute(target, place),
    isReadOnly: isTrue(values.get("readonly") ?? "false", place),
    keepsSubmounts: ["writable", "disabled"].includes(values.get("bind-recursive") ?? ""),
    place,
  });
}

/** A mount that is described by keys, in --mount and in compose. */
export function mountOf(mount: {
  readonly kind: string;
  readonly source: string | undefined;
  readonly target: string;
  readonly isReadOnly: boolean;
  /** Mounts below a read-only bind stay writable. */
  readonly keepsSubmounts?: boolean;
  readonly place: ManifestPlace;
}): LaunchMount {
  const { kind, source, target, place } = mount;
  const writable = !mount.isReadOnly;
  switch (kind) {
    case "tmpfs":
      return { target, what: "a tmpfs", writable, place };
    case "bind": {
      if (source === undefined) throw launchFault(place, "a bind mount has no source");
      const host = source.startsWith("/") ? { hostPath: source } : {};
      const isOpen = writable || mount.keepsSubmounts === true;
      return { target, what: `${source} of the host`, writable: isOpen, ...host, place };
    }
    case "volume":
    case "cluster": {
      const what = source === undefined ? "an anonymous volume" : `the volume ${source}`;
      return { target, what, writable, place };
    }
    case "image":
      return { target, what: `the image ${source ?? ""}`, writable: false, place };
    default:
      throw launchFault(place, `${kind} is no type of mount on Linux`);
  }
}

function sourceOf(source: string): Pick<LaunchMount, "what" | "hostPath"> {
  if (source.startsWith("/")) return { what: `${source} of the host`, hostPath: source };
  if (/^[.~$`]/u.test(source)) return { what: `${source} of the host` };
  return { what: `the volume ${source}` };
}

const mountKeys: Readonly<Record<string, string>> = {
  type: "type",
  source: "source",
  src: "source",
  target: "target",
  dst: "target",
  destination: "target",
  readonly: "readonly",
  ro: "readonly",
  consistency: "consistency",
  "bind-propagation": "bind-propagation",
  "bind-nonrecursive": "bind-nonrecursive",
  "bind-recursive": "bind-recursive",
  "volume-driver": "volume-driver",
  "volume-label": "volume-label",
  "volume-nocopy": "volume-nocopy",
  "volume-opt": "volume-opt",
  "volume-subpath": "volume-subpath",
  "image-subpath": "image-subpath",
  "tmpfs-size": "tmpfs-size",
  "tmpfs-mode": "tmpfs-mode",
};

function csvWords(text: string, place: ManifestPlace): readonly string[] {
  const words = text.match(/(?:"(?:[^"]|"")*"|[^,"])+/gu) ?? [];
  if (words.join(",") !== text) throw launchFault(place, "--mount is not well-formed");
  return words.map((word) =>
    word.startsWith('"') ? word.slice(1, -1).replaceAll('""', '"') : word,
  );
}

function isTrue(text: string, place: ManifestPlace): boolean {
  if (/^(?:1|t|true)$/iu.test(text)) return true;
  if (/^(?:0|f|false)$/iu.test(text)) return false;
  throw launchFault(place, `${text} is neither true nor false`);
}

function absolute(path: string, place: ManifestPlace): string {
  if (/[$`]/u.test(path)) {
    throw launchFault(place, `where ${path} is, is decided by what a shell or compose puts in`);
  }
  if (path.startsWith("/")) return path;
  throw launchFault(place, `${path || "the target"} is no absolute path in the container`);
}
