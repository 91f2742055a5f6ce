import type { FaultMeaning } from "../meaning.ts";

export const buildCodes = {
  DOCKERFILE_INVALID: {
    exit: 2,
    meaning:
      "A Dockerfile has an instruction, flag or argument that does not exist or does not parse.",
    remedy: "Mend the line that is named.",
  },
  DOCKERFILE_MISSING: {
    exit: 2,
    meaning: "There is no Dockerfile where it was looked for, or it cannot be read.",
    remedy: "Name the file with -f, or the directory that holds it.",
  },
  COPY_SOURCE_MISSING: {
    exit: 2,
    meaning: "A file that COPY or ADD names is not where it should be copied from.",
    remedy: "Correct the path; it is relative to the build context, or to the stage of --from.",
  },
  COPY_CONFLICT: {
    exit: 2,
    meaning: "COPY or ADD would put a file where a directory is, or a directory where a file is.",
    remedy: "Choose another destination.",
  },
  ARCHIVE_INVALID: {
    exit: 2,
    meaning: "ADD cannot unpack an archive: it is damaged, unsafe, or compressed in another way.",
    remedy: "Use COPY to keep the archive as it is.",
  },
  CONTEXT_UNREADABLE: {
    exit: 3,
    meaning: "A file of the build context cannot be read, or changed while it was being read.",
    remedy: "Check the rights of the file, and that nothing writes to the build context.",
  },
  STAGE_UNKNOWN: {
    exit: 2,
    meaning: "A stage that --target or --from names does not exist, or comes later in the file.",
    remedy: "Name a stage that stands above.",
  },
  BASE_UNKNOWN: {
    exit: 2,
    meaning: "The image that a FROM names is not in the store, or is for another platform.",
    remedy: "Put an image in its place with --build-context NAME=IMAGE.",
  },
  BUILD_CONTEXT_INVALID: {
    exit: 2,
    meaning: "A --build-context names neither an image of the store nor a directory that fits.",
    remedy: "Write --build-context NAME=IMAGE with an image that lithify ls shows.",
  },
  PLATFORM_INVALID: {
    exit: 2,
    meaning: "A platform is not written as linux/ARCHITECTURE.",
    remedy: "Write linux/amd64 or linux/arm64.",
  },
  OWNER_UNKNOWN: {
    exit: 2,
    meaning: "A user or group that --chown or USER names is not in the image.",
    remedy: "Give the number instead of the name, or create the user before.",
  },
  SECRET_MISSING: {
    exit: 2,
    meaning: "A RUN requires a secret that was not given.",
    remedy: "Give it with --secret id=ID,src=FILE.",
  },
  STEP_FAILED: {
    exit: 3,
    meaning: "A RUN of the Dockerfile did not end well.",
    remedy: "Read the last lines that it wrote, and mend the command.",
  },
  PACKAGE_CLIENT_MISSING: {
    exit: 3,
    meaning: "The distribution's package client is not on this machine.",
    remedy: "Use a Debian or Ubuntu machine, which has apt-get and dpkg-deb.",
  },
  PACKAGE_UNAVAILABLE: {
    exit: 3,
    meaning: "A package of the distribution that the base image needs cannot be had.",
    remedy: "Run apt-get update, check the network and the package sources, and run it again.",
  },
  BASE_INCOMPLETE: {
    exit: 3,
    meaning: "The base image would lack a file that its programs need.",
    remedy: "Use the Node binary that npm installed, and a current distribution.",
  },
} as const satisfies Record<string, FaultMeaning>;
