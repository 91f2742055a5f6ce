import type { FaultMeaning } from "../meaning.ts";

export const ociCodes = {
  DIGEST_INVALID: {
    exit: 2,
    meaning: "A text that should be a digest is not sha256 followed by 64 hexadecimal digits.",
    remedy: "Copy the whole digest, as lithify ls prints it.",
  },
  DIGEST_MISMATCH: {
    exit: 3,
    meaning: "The bytes of a blob do not hash to the digest by which it was asked for.",
    remedy: "The copy is corrupt: remove the image and build or copy it again.",
  },
  SIZE_MISMATCH: {
    exit: 3,
    meaning: "A blob is longer or shorter than its descriptor says.",
    remedy: "The copy is corrupt: remove the image and build or copy it again.",
  },
  BLOB_UNKNOWN: {
    exit: 3,
    meaning: "A blob that a manifest names is not in the store.",
    remedy: "Copy or build the image again.",
  },
  IMAGE_UNKNOWN: {
    exit: 2,
    meaning: "No image of this name, or none for this platform, is in the store.",
    remedy: "List the images with lithify ls.",
  },
  REFERENCE_INVALID: {
    exit: 2,
    meaning: "A text that should name an image does not.",
    remedy: "Use NAME[:TAG], or NAME@sha256:...",
  },
  TRANSPORT_UNSUPPORTED: {
    exit: 2,
    meaning:
      "An image is named by a way to reach images that does not exist here, or cannot do this.",
    remedy:
      "Use NAME[:TAG] of the store, oci:DIR[:TAG], oci-archive:FILE[:TAG], docker-archive:FILE[:REF], docker-daemon:REF or docker://HOST/REPO[:TAG|@DIGEST].",
  },
  MANIFEST_INVALID: {
    exit: 3,
    meaning:
      "An image manifest or configuration does not have the form that the OCI image specification gives.",
    remedy: "The image is malformed: build or copy it again.",
  },
  TAR_INVALID: {
    exit: 3,
    meaning: "A tar archive is malformed, or of a form that programs read differently.",
    remedy: "The layer is malformed: build or copy the image again.",
  },
  COMPRESSION_INVALID: {
    exit: 3,
    meaning: "A gzip or zstd stream is damaged.",
    remedy: "The layer is malformed: build or copy the image again.",
  },
  LAYER_UNSAFE: {
    exit: 3,
    meaning:
      "A layer tries to reach outside its root, or changes an object in a way no build tool does.",
    remedy: "Do not use this image.",
  },
  LIMIT_EXCEEDED: {
    exit: 3,
    meaning: "An input is larger than the stated limit.",
    remedy: "See the limits in the package's README.",
  },
  STORE_LOCKED: {
    exit: 3,
    meaning: "Another process holds the lock of the store for longer than the waiting time.",
    remedy: "Wait for the other process, or stop it.",
  },
  STORE_FULL: {
    exit: 3,
    meaning: "The disk that holds the store is full; the store is as it was before.",
    remedy: "Free some space and run the command again.",
  },
  STORE_UNREADABLE: {
    exit: 3,
    meaning:
      "The store's directory cannot be used: missing rights, a failing disk, or no OCI layout.",
    remedy: "Name another directory in LITHIFY_STORE.",
  },
  REGISTRY_UNREACHABLE: {
    exit: 3,
    meaning:
      "A registry does not answer, breaks off, stalls or stays overloaded, after every retry.",
    remedy: "Check host, port, network and certificates, and try again later.",
  },
  REGISTRY_DENIED: {
    exit: 3,
    meaning: "A registry or its token server refuses the credentials, or this action with them.",
    remedy: "Log in with docker login, or name another DOCKER_CONFIG.",
  },
  REGISTRY_INVALID: {
    exit: 3,
    meaning: "A registry's answer is not what the distribution specification says, or is unsafe.",
    remedy: "Tell the operator of the registry; nothing of that answer was used.",
  },
  REGISTRY_REFUSED: {
    exit: 3,
    meaning: "A registry answered a request with an error that trying again does not mend.",
    remedy: "Read what the registry says.",
  },
  REGISTRY_INSECURE: {
    exit: 2,
    meaning: "Plain HTTP was asked for to a host that is not this machine.",
    remedy: "Use TLS; --ca FILE names an authority of your own.",
  },
  CREDENTIALS_INVALID: {
    exit: 2,
    meaning: "The Docker configuration cannot be read, or its credential helper fails.",
    remedy: "Correct config.json in DOCKER_CONFIG or ~/.docker, or run docker login again.",
  },
  IMAGE_ARCHIVE_INVALID: {
    exit: 3,
    meaning: "A file is not an archive of images, or lacks a part that it names.",
    remedy: "Write the archive again; a compressed one must be decompressed first.",
  },
  DAEMON_UNREACHABLE: {
    exit: 3,
    meaning: "The Docker daemon does not answer on its socket.",
    remedy: "Start the daemon, or name its socket in DOCKER_HOST (unix://PATH).",
  },
  DAEMON_REFUSED: {
    exit: 3,
    meaning: "The Docker daemon answered a request with an error.",
    remedy: "Look at the reason given; the daemon's own log says more.",
  },
} as const satisfies Record<string, FaultMeaning>;
