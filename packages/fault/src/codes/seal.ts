import type { FaultMeaning } from "../meaning.ts";

export const sealCodes = {
  POLICY_INVALID: {
    exit: 2,
    meaning: "A lithify.yaml does not follow its schema.",
    remedy: "Mend the place that is named.",
  },
  IDENTITY_UNKNOWN: {
    exit: 2,
    meaning: "A user or group was named that the image's passwd and group files do not have.",
    remedy: "Name a user of the image, or give numbers: uid:gid.",
  },
  LAUNCH_INVALID: {
    exit: 2,
    meaning:
      "A Kubernetes manifest, a compose file or a docker run line is not well-formed, or says something that cannot be told from the text alone.",
    remedy: "Mend the place that is named.",
  },
  SEAL_CONFLICT: {
    exit: 2,
    meaning: "The policy asks for something that sealing this image would break or could not give.",
    remedy: "Change the policy or the image as the reason says, and seal again.",
  },
  SEAL_INVALID: {
    exit: 3,
    meaning: "An image is not what its seal says, or its seal is not well-formed.",
    remedy: "Do not run it: seal the image again from its source, and find out who changed it.",
  },
  SEAL_MISSING: {
    exit: 3,
    meaning: "The image was never sealed: it carries no statement.",
    remedy: "Seal the image first, with lithify seal.",
  },
  VOLUME_INVALID: {
    exit: 3,
    meaning:
      "A read-only volume is not what its seal or its root hash says, or is not well-formed.",
    remedy: "Do not mount it: export it again, and find out who changed it.",
  },
  VOLUME_UNSUPPORTED: {
    exit: 2,
    meaning: "Trees of an image cannot be put into a read-only volume.",
    remedy: "Name other trees with --path, or change the image as the reason says.",
  },
  VOLUME_UNWRITABLE: {
    exit: 3,
    meaning: "A read-only volume could not be written; nothing half-made is left.",
    remedy: "Look at the reason given: most often the directory is missing or the disk is full.",
  },
} as const satisfies Record<string, FaultMeaning>;
