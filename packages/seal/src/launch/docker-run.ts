import { decidingVariable } from "./deciding-variable.ts";
import { type DockerLine, type DockerWord, dockerLine } from "./docker-line.ts";
import { longMount, shortMount, tmpfsMount } from "./docker-mounts.ts";
import { dockerSecurity, writableDevice } from "./docker-security.ts";
import type { Launch, LaunchCommand, LaunchMount, Said } from "./launch.ts";
import { launchFault } from "./launch-fault.ts";

/** How a `docker run` line starts its container. Throws Fault LAUNCH_INVALID with the place. */
export function dockerRunLaunch(text: string, file = "docker run"): Launch {
  const line = dockerLine(text, file);
  const security = dockerSecurity(line.all("security-opt").map(known));
  const user = line.last("user");
  const readOnly = line.last("read-only");
  const privileged = line.last("privileged");
  const variables = variablesOf(line);
  return {
    format: "docker-run",
    name: `docker run ${line.image.value}`,
    container: line.last("name")?.value ?? line.image.value,
    isMain: true,
    place: line.place,
    image: line.image,
    user: {
      by: "docker",
      ...(user === undefined || user.value === "" ? {} : { user: known(user).value }),
      groups: line.all("group-add").map((word) => known(word).value),
      context: {
        addCapabilities: line.all("cap-add").map((word) => known(word).value),
        dropCapabilities: line.all("cap-drop").map((word) => known(word).value),
        ...(privileged?.value === "true" ? { privileged: true } : {}),
      },
      noNewPrivileges: security.noNewPrivileges,
    },
    userPlace: user?.place ?? line.place,
    readOnlyRoot: { value: readOnly?.value === "true", place: readOnly?.place ?? line.place },
    ...(privileged?.value === "true" ? { privileged: privileged.place } : {}),
    mounts: mountsOf(line),
    devices: line
      .all("device")
      .flatMap((word) => writableDevice(known(word).value, word.place) ?? []),
    sharedProcesses: sharedProcesses(line),
    ...(security.unmasked === undefined ? {} : { unmasked: security.unmasked }),
    command: commandOf(line, variables.env),
    unknown: [
      ...variables.unknown,
      ...line.all("volumes-from").map(({ value, place }) => ({
        value: `the volumes of ${value} are not in the line`,
        place,
      })),
    ],
    open: [...security.open, ...openOf(line)],
  };
}

function mountsOf(line: DockerLine): readonly LaunchMount[] {
  const socket = line.last("use-api-socket");
  return [
    ...line.all("volume").map(({ value, place }) => shortMount(value, place)),
    ...line.all("mount").map((word) => longMount(word.value, word.place)),
    ...line.all("tmpfs").map(({ value, place }) => tmpfsMount(value, place)),
    ...(socket?.value === "true"
      ? [
          {
            target: "/var/run/docker.sock",
            what: "the engine's socket",
            writable: true,
            hostPath: "/var/run/docker.sock",
            place: socket.place,
          },
        ]
      : []),
  ];
}

function sharedProcesses(line: DockerLine): readonly Said<string>[] {
  const pid = line.last("pid");
  if (pid === undefined || pid.value === "" || pid.value === "private") return [];
  const whose = pid.value === "host" ? "the host" : pid.value;
  return [{ value: `--pid puts it among the processes of ${whose}`, place: pid.place }];
}

function variablesOf(line: DockerLine): {
  readonly env: readonly string[];
  readonly unknown: readonly Said<string>[];
} {
  const env: string[] = [];
  const unknown: Said<string>[] = [];
  for (const { value, place, mayExpand } of line.all("env")) {
    const equals = value.indexOf("=");
    const name = equals === -1 ? value : value.slice(0, equals);
    if (equals !== -1 && !mayExpand) env.push(value);
    else if (decidingVariable(name)) {
      unknown.push({ value: `${name} decides what runs, and its value is not in the line`, place });
    }
  }
  return { env, unknown };
}

function commandOf(line: DockerLine, env: readonly string[]): LaunchCommand {
  const entrypoint = line.last("entrypoint");
  const workdir = line.last("workdir");
  const health = line.last("health-cmd");
  const none = line.last("no-healthcheck")?.value === "true";
  return {
    ...(entrypoint === undefined
      ? {}
      : { entrypoint: entrypoint.value === "" ? [] : [known(entrypoint).value] }),
    ...(line.command.length === 0 ? {} : { command: line.command.map(({ value }) => value) }),
    env,
    ...(workdir === undefined ? {} : { workingDirectory: known(workdir).value }),
    ...(none
      ? { health: [] }
      : health === undefined
        ? {}
        : { health: ["/bin/sh", "-c", health.value] }),
    more: [],
  };
}

function openOf(line: DockerLine): readonly string[] {
  const at = (word: DockerWord) => `${word.place.file}:${word.place.line}`;
  return [
    ...line
      .all("env-file")
      .map(
        (word) =>
          `${at(word)} takes variables from a file; one that decides what runs is not seen (23 to 26).`,
      ),
    ...line
      .all("device-cgroup-rule")
      .map((word) => `${at(word)} opens devices to who can make their nodes (33).`),
    ...line.all("gpus").map((word) => `${at(word)} adds devices that the engine chooses (33).`),
    ...line.all("runtime").map((word) => `${at(word)} names a runtime that may do otherwise.`),
    ...(line.last("network")?.value === "host"
      ? ["It shares the host's network, abstract sockets included (35)."]
      : []),
    ...(line.last("ipc")?.value === "host"
      ? ["It shares System V memory and /dev/shm with the host."]
      : []),
  ];
}

/** A word that decides must be told without a shell. */
function known(word: DockerWord): DockerWord {
  if (!word.mayExpand) return word;
  throw launchFault(
    word.place,
    `what ${word.value} is, is decided by a shell`,
    "Write the value itself, or put it in single quotes.",
  );
}
