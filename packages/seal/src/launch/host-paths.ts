import { posix } from "node:path";
import { isWithin } from "../policy/resolve.ts";
import type { LaunchMount } from "./launch.ts";

/** Sockets of engines: who may write to one starts containers as root. Route 35. */
const sockets = [
  "/run/docker.sock",
  "/run/containerd/containerd.sock",
  "/run/crio/crio.sock",
  "/run/cri-dockerd.sock",
  "/run/k3s/containerd/containerd.sock",
  "/run/podman/podman.sock",
];

/** Where engines keep layers, volumes and manifests of what they start. */
const state = [
  "/var/lib/docker",
  "/var/lib/containerd",
  "/var/lib/containers",
  "/var/lib/kubelet",
  "/var/lib/rancher",
  "/etc/kubernetes",
];

/** Why a mount of the host's leads out of the container; undefined: it does not. */
export function hostDanger(mount: LaunchMount): string | undefined {
  const path = mount.hostPath === undefined ? undefined : plain(mount.hostPath);
  if (path === undefined) {
    const isSocket = sockets.includes(plain(mount.target));
    return isSocket ? "it lies where the socket of an engine is looked for" : undefined;
  }
  const socket = sockets.find((each) => isWithin(each, path));
  if (socket !== undefined) {
    return path === socket
      ? "it is the socket of an engine: who may write to it starts containers as root, a read-only mount does not stop that"
      : `it holds \`${socket}\`, the socket of an engine`;
  }
  if (!mount.writable) return undefined;
  const kept = state.find((each) => isWithin(each, path) || isWithin(path, each));
  if (kept !== undefined) return `it gives \`${kept}\`, where an engine keeps what it starts`;
  const kernel = ["/proc", "/sys", "/dev"].find((each) => isWithin(path, each));
  return kernel === undefined ? undefined : `it gives \`${kernel}\` of the host, writable`;
}

/** `/var/run` is a link to `/run` on every distribution of today. */
function plain(path: string): string {
  const clean = posix.normalize(path).replace(/(?<=.)\/+$/u, "");
  return clean === "/var/run" ? "/run" : clean.replace(/^\/var\/run\//u, "/run/");
}
