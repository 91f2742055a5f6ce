import { serviceKeys } from "./compose-keys.ts";
import { composeText, composeTexts } from "./compose-text.ts";
import { composeMounts } from "./compose-volumes.ts";
import { decidingVariable } from "./deciding-variable.ts";
import { dockerSecurity, writableDevice } from "./docker-security.ts";
import type { Launch, LaunchCommand, LaunchUser, Said } from "./launch.ts";
import { shellWords } from "./shell-words.ts";
import type { YamlField } from "./yaml-field.ts";

/** How compose starts a service. Throws Fault LAUNCH_INVALID with the place. */
export function composeService(name: string, service: YamlField): Launch {
  service.allow(serviceKeys, "x-");
  const image = service.at("image");
  const user = service.at("user");
  const readOnly = service.at("read_only");
  const privileged = service.at("privileged");
  const isPrivileged = privileged?.truth() === true;
  const security = dockerSecurity(composeTexts(service.at("security_opt")));
  const variables = variablesOf(service);
  return {
    format: "compose",
    name: `compose:${name}`,
    container: name,
    isMain: true,
    place: service.place,
    ...(image === undefined ? {} : { image: { value: image.text(), place: image.place } }),
    user: {
      by: "docker",
      ...(user === undefined ? {} : { user: composeText(user).value }),
      groups: composeTexts(service.at("group_add")).map(({ value }) => value),
      context: {
        addCapabilities: composeTexts(service.at("cap_add")).map(({ value }) => value),
        dropCapabilities: composeTexts(service.at("cap_drop")).map(({ value }) => value),
        ...(isPrivileged ? { privileged: true } : {}),
      },
      noNewPrivileges: security.noNewPrivileges,
    },
    userPlace: (user ?? service).place,
    readOnlyRoot: { value: readOnly?.truth() === true, place: (readOnly ?? service).place },
    ...(isPrivileged && privileged !== undefined ? { privileged: privileged.place } : {}),
    mounts: composeMounts(service),
    devices: devicesOf(service),
    sharedProcesses: sharedProcesses(service),
    ...(security.unmasked === undefined ? {} : { unmasked: security.unmasked }),
    command: commandOf(service, variables.env),
    unknown: [...variables.unknown, ...unknownOf(service)],
    open: [...security.open, ...openOf(service)],
  };
}

/** Commands that compose runs in the service with a user or privileges of their own. */
export function composeHook(launch: Launch, service: YamlField): readonly Launch[] {
  return (["post_start", "pre_stop"] as const).flatMap((key) =>
    (service.at(key)?.items() ?? []).flatMap((hook): readonly Launch[] => {
      const user = hook.at("user");
      const privileged = hook.at("privileged");
      const isPrivileged = privileged?.truth() === true;
      if ((user === undefined && !isPrivileged) || launch.user.by !== "docker") return [];
      const asUser: LaunchUser = {
        ...launch.user,
        ...(user === undefined ? {} : { user: composeText(user).value }),
        ...(isPrivileged ? { context: { ...launch.user.context, privileged: true } } : {}),
      };
      const { privileged: _, ...rest } = launch;
      return [
        {
          ...rest,
          ...saidOnce,
          name: `${launch.name} ${key}`,
          isMain: false,
          place: hook.place,
          readOnlyRoot: { value: true, place: hook.place },
          user: asUser,
          userPlace: (user ?? hook).place,
          ...(isPrivileged && privileged !== undefined ? { privileged: privileged.place } : {}),
        },
      ];
    }),
  );
}

/** What the service's own launch says already. */
const saidOnce = { mounts: [], devices: [], sharedProcesses: [], unknown: [], open: [] };

function devicesOf(service: YamlField): readonly Said<string>[] {
  return (service.at("devices")?.items() ?? []).flatMap((device) => {
    if (!device.isMap) return writableDevice(composeText(device).value, device.place) ?? [];
    device.allow(["source", "target", "permissions"]);
    const source = device.at("source")?.text() ?? "";
    const parts = [source, device.at("target")?.text() ?? source];
    const mode = device.at("permissions")?.text();
    return (
      writableDevice([...parts, ...(mode === undefined ? [] : [mode])].join(":"), device.place) ??
      []
    );
  });
}

function sharedProcesses(service: YamlField): readonly Said<string>[] {
  const pid = service.at("pid");
  if (pid === undefined) return [];
  const value = `pid puts it among the processes of ${composeText(pid).value}`;
  return [{ value, place: pid.place }];
}

/** A list of `NAME=value`, or a mapping; a name without a value comes from compose's own environment. */
function variablesOf(service: YamlField): {
  readonly env: readonly string[];
  readonly unknown: readonly Said<string>[];
} {
  const field = service.at("environment");
  const env: string[] = [];
  const unknown: Said<string>[] = [];
  const take = (name: string, value: string | undefined, at: YamlField) => {
    if (value !== undefined && !/(?<!\$)\$(?!\$)/u.test(value)) {
      env.push(`${name}=${value.replaceAll("$$", "$")}`);
    } else if (decidingVariable(name)) {
      const why = `${name} decides what runs, and its value is not in the file`;
      unknown.push({ value: why, place: at.place });
    }
  };
  if (field?.isList === true) {
    for (const item of field.items()) {
      const [, name = "", value] = /^([^=]*)(?:=([\s\S]*))?$/u.exec(item.text()) ?? [];
      take(name, value, item);
    }
  } else {
    for (const [name, value] of field?.entries() ?? []) {
      take(name, value.isNull ? undefined : value.word(), value);
    }
  }
  return { env, unknown };
}

function commandOf(service: YamlField, env: readonly string[]): LaunchCommand {
  const directory = service.at("working_dir");
  const check = service.at("healthcheck");
  const test = check?.at("test");
  const isOff = check?.at("disable")?.truth() === true;
  const entrypoint = wordsOf(service.at("entrypoint"));
  const command = wordsOf(service.at("command"));
  return {
    ...(entrypoint === undefined ? {} : { entrypoint }),
    ...(command === undefined ? {} : { command }),
    env,
    ...(directory === undefined ? {} : { workingDirectory: composeText(directory).value }),
    ...(isOff ? { health: [] } : test === undefined ? {} : { health: healthOf(test) }),
    more: [],
  };
}

function wordsOf(field: YamlField | undefined): readonly string[] | undefined {
  if (field === undefined) return undefined;
  if (field.isList) return field.items().map((item) => composeText(item).value);
  return shellWords(composeText(field).value, field.place.file).map(({ value }) => value);
}

function healthOf(test: YamlField): readonly string[] {
  if (!test.isList) return ["/bin/sh", "-c", test.text()];
  const [kind, ...words] = test.items().map((item) => item.text());
  if (kind === "NONE") return [];
  if (kind === "CMD") return words;
  if (kind === "CMD-SHELL") return ["/bin/sh", "-c", words.join(" ")];
  throw test.wrong("a healthcheck begins with NONE, CMD or CMD-SHELL");
}

function unknownOf(service: YamlField): readonly Said<string>[] {
  const from = service.at("volumes_from");
  const other = service.at("credential_spec") ?? service.at("provider");
  return [
    ...(from?.items() ?? []).map((item) => ({
      value: `the volumes of ${item.text()} come with it`,
      place: item.place,
    })),
    ...(other === undefined
      ? []
      : [{ value: `${other.name} starts it in a way that is not read here`, place: other.place }]),
  ];
}

function openOf(service: YamlField): readonly string[] {
  const at = (field: YamlField) => `${field.place.file}:${field.place.line}`;
  const sentence = (key: string, text: string) => {
    const field = service.at(key);
    return field === undefined ? [] : [`${at(field)} ${text}`];
  };
  return [
    ...sentence(
      "env_file",
      "takes variables from a file; one that decides what runs is not seen (23 to 26).",
    ),
    ...sentence("device_cgroup_rules", "opens devices to who can make their nodes (33)."),
    ...sentence("gpus", "adds devices that the engine chooses (33)."),
    ...sentence("runtime", "names a runtime that may do otherwise."),
    ...(service.at("network_mode")?.word() === "host"
      ? ["It shares the host's network, abstract sockets included (35)."]
      : []),
    ...(service.at("ipc")?.word() === "host"
      ? ["It shares System V memory and /dev/shm with the host."]
      : []),
  ];
}
