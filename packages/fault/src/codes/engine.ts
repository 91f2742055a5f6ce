import type { FaultMeaning } from "../meaning.ts";

export const engineCodes = {
  RUNTIME_MISSING: {
    exit: 3,
    meaning: "A program that the engine needs is not installed.",
    remedy: "Install the package that is named.",
  },
  NOT_ROOT: {
    exit: 3,
    meaning: "Containers of the local engine need root, and the command runs as another user.",
    remedy: "Run the command again with sudo.",
  },
  PORT_IN_USE: {
    exit: 3,
    meaning: "A port that should be published is taken by another program.",
    remedy: "Publish another port, or port 0 for any free one.",
  },
  NAME_IN_USE: {
    exit: 2,
    meaning: "Another instance has this name.",
    remedy: "Choose another name, or stop the other instance first.",
  },
  NAME_INVALID: {
    exit: 2,
    meaning:
      "A name for an instance has other characters than letters, digits, dots, dashes and underscores, or is longer than 63.",
    remedy: "Choose a shorter or simpler name.",
  },
  COMMAND_MISSING: {
    exit: 2,
    meaning: "Neither the image nor the caller says what to start.",
    remedy: "Give a command, or set ENTRYPOINT or CMD in the Dockerfile.",
  },
  MOUNT_INVALID: {
    exit: 2,
    meaning: "A path of a container cannot be used as asked: it loops, or runs through a file.",
    remedy: "Name another path.",
  },
  VOLUME_UNMOUNTABLE: {
    exit: 3,
    meaning:
      "The file system of a volume cannot be mounted: the kernel lacks EROFS or loop devices, or the Docker daemon does not see this machine's mounts.",
    remedy:
      "Export the volume as a directory, lithify volume export IMAGE -o DIR/, and mount that.",
  },
  INSTANCE_ENDED: {
    exit: 3,
    meaning: "The instance no longer runs, so that nothing can be read from it or run in it.",
    remedy: "Look at its logs, and start it again.",
  },
  INSTANCE_START_FAILED: {
    exit: 3,
    meaning: "The runtime could not start the process of an instance.",
    remedy:
      "Look at the reason given; most often the program is not in the image or not executable.",
  },
  OUTPUT_TOO_LARGE: {
    exit: 3,
    meaning: "A command run inside an instance wrote more than the limit.",
    remedy: "Let the command write less, or to a file.",
  },
  PROBE_UNUSABLE: {
    exit: 3,
    meaning:
      "The program that tries the routes inside a container could not be brought along or did not answer.",
    remedy: "Look at the reason given; the proof needs a dynamically linked Node on this machine.",
  },
  IDENTITY_DIFFERS: {
    exit: 3,
    meaning: "The engine gave a process another identity than the access model was asked about.",
    remedy: "Report it: the proof would say nothing about the identity that is named.",
  },
  KERNEL_REFUSED: {
    exit: 3,
    meaning: "The kernel or one of its tools refused a mount, a network device or a namespace.",
    remedy: "Look at the reason given; inside another container this needs more rights.",
  },
  LEARN_UNUSABLE: {
    exit: 3,
    meaning: "What a program writes could not be recorded.",
    remedy: "Look at the reason given; learn needs root and may not itself be traced.",
  },
  DAEMON_REMOTE: {
    exit: 3,
    meaning: "A container of the Docker daemon cannot be looked into from this machine.",
    remedy: "Run the command as root on the machine of the daemon.",
  },
  NETWORK_MISSING: {
    exit: 3,
    meaning: "A port cannot be reached, because the container has no network of its own.",
    remedy: "Start the Docker daemon with a bridge network, or use the local engine.",
  },
  NETWORK_FULL: {
    exit: 3,
    meaning: "No address range is free for another instance.",
    remedy: "Stop instances that are no longer needed.",
  },
  UNPACK_FAILED: {
    exit: 3,
    meaning: "A layer could not be unpacked.",
    remedy: "Look at the reason given; most often the disk is full.",
  },
  DISK_FULL: {
    exit: 3,
    meaning:
      "The disk that holds the engine's state or its unpacked layers is full; nothing half-made is left.",
    remedy: "Free some space, or name another directory in LITHIFY_STATE or LITHIFY_STORE.",
  },
  STATE_UNUSABLE: {
    exit: 3,
    meaning: "A file or directory that the engine needs cannot be made, read or removed.",
    remedy: "Look at the reason given, or name another directory in LITHIFY_STATE.",
  },
  STATE_INVALID: {
    exit: 3,
    meaning: "A file of the engine's state directory is not what the engine writes.",
    remedy: "Remove the directory that is named; the instance it belonged to is lost.",
  },
} as const satisfies Record<string, FaultMeaning>;
