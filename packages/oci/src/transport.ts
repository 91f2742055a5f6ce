import { Fault } from "@lithify/fault";
import { parseReference } from "./reference.ts";

/** Where an image is, as the command line names it: in the tool's own store, or in an OCI layout on disk. */
export type ImageLocation =
  | { readonly transport: "store"; readonly ref: string }
  | { readonly transport: "oci"; readonly directory: string; readonly tag?: string };

const laterTransports = ["docker-archive:", "oci-archive:", "docker-daemon:", "docker://"];

/**
 * `oci:DIR[:TAG]`, or a reference for the own store.
 * @throws Fault REFERENCE_INVALID, TRANSPORT_UNSUPPORTED
 */
export function parseImageLocation(text: string): ImageLocation {
  const later = laterTransports.find((prefix) => text.startsWith(prefix));
  if (later !== undefined) {
    throw new Fault("TRANSPORT_UNSUPPORTED", "the name of an image", {
      why: `${later} is not supported yet`,
      values: { name: text },
    });
  }
  if (!text.startsWith("oci:")) {
    parseReference(text);
    return { transport: "store", ref: text };
  }
  const rest = text.slice("oci:".length);
  const colon = rest.indexOf(":");
  const directory = colon === -1 ? rest : rest.slice(0, colon);
  const tag = colon === -1 ? undefined : rest.slice(colon + 1);
  if (directory === "" || tag === "") {
    throw new Fault("REFERENCE_INVALID", "the name of an image", {
      why: "it is not oci:DIRECTORY or oci:DIRECTORY:TAG",
      values: { name: text },
    });
  }
  return { transport: "oci", directory, ...(tag === undefined ? {} : { tag }) };
}
