import { isIPv4 } from "node:net";
import { Fault } from "@lithify/fault";
import { parseReference } from "../image/reference.ts";

/** An image or a repository in a registry. */
export interface RegistryAddress {
  /** As credentials are filed: `registry.example:5000`, `docker.io`. */
  readonly host: string;
  readonly repository: string;
  /** A tag or a digest. */
  readonly reference: string;
}

/**
 * What follows `docker://`: `HOST[:PORT]/REPOSITORY[:TAG|@DIGEST]`; `latest` without a tag.
 * A host has a dot, a port, or is `localhost`; without one it is Docker's own, as everywhere.
 * @throws Fault REFERENCE_INVALID
 */
export function parseRegistryAddress(text: string): RegistryAddress {
  const slash = text.indexOf("/");
  const first = slash === -1 ? "" : text.slice(0, slash);
  const hasHost = first === "localhost" || /[.:]/.test(first);
  const host = hasHost ? first : "docker.io";
  const rest = hasHost ? text.slice(slash + 1) : text;
  if (
    !/^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\])(?::[0-9]{1,5})?$/.test(host)
  ) {
    throw new Fault("REFERENCE_INVALID", "the host of a registry", { values: { host } });
  }
  const reference = parseReference(rest);
  const { name } = reference;
  if (name === undefined) {
    throw new Fault("REFERENCE_INVALID", "the name of an image in a registry", {
      why: "it has no repository",
      values: { name: text },
    });
  }
  // A first part without a dot is no host here, and may not look like one
  if (/[A-Z]/.test(name)) {
    throw new Fault("REFERENCE_INVALID", "the name of an image in a registry", {
      why: "a name has no capital letters",
      values: { name: text },
    });
  }
  const isDockers = host === "docker.io" && !name.includes("/");
  return {
    host: host === "index.docker.io" ? "docker.io" : host,
    repository: isDockers ? `library/${name}` : name,
    reference: reference.by === "tag" ? reference.tag : reference.digest,
  };
}

/** Where the registry of a host answers. @throws Fault REGISTRY_INSECURE */
export function originOf(host: string, isInsecure: boolean): URL {
  const server = host === "docker.io" ? "registry-1.docker.io" : host;
  if (!isInsecure) return new URL(`https://${server}`);
  const url = new URL(`http://${server}`);
  if (isLoopback(url.hostname)) return url;
  throw new Fault("REGISTRY_INSECURE", `the registry ${host}`, { values: { host } });
}

export function isLoopback(hostname: string): boolean {
  if (hostname === "localhost" || hostname === "[::1]") return true;
  return isIPv4(hostname) && hostname.startsWith("127.");
}
