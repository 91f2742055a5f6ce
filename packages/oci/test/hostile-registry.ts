import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { digestOf } from "../src/blob/digest.ts";
import { mediaTypes } from "../src/image/manifest.ts";
import { archiveOf, fileOf } from "./archives.ts";

/** A registry in this process that misbehaves as told: `meddle` answers a request itself, or leaves it (false). */
export interface HostileRegistry {
  readonly host: string;
  readonly blobs: Map<string, Buffer>;
  readonly layer: string;
  meddle: (request: IncomingMessage, response: ServerResponse) => boolean;
  close(): Promise<void>;
}

/** Serves one image, `repo:1`, to be read. */
export async function openHostileRegistry(): Promise<HostileRegistry> {
  const archive = await archiveOf([fileOf("a", "content of a")]);
  const layer = digestOf(archive);
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      rootfs: { type: "layers", diff_ids: [layer] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: { mediaType: mediaTypes.config, digest: digestOf(config), size: config.length },
      layers: [{ mediaType: mediaTypes.layer, digest: layer, size: archive.length }],
    }),
  );
  const blobs = new Map([archive, config].map((bytes) => [digestOf(bytes) as string, bytes]));
  const server = createServer((request, response) => {
    if (registry.meddle(request, response)) return;
    const name = request.url?.split("/").at(-1) ?? "";
    const isManifest = request.url?.includes("/manifests/") === true;
    if (request.url === "/v2/") response.end("{}");
    else if (isManifest && (name === "1" || name === digestOf(manifest))) {
      response.writeHead(200, { "content-type": mediaTypes.manifest }).end(manifest);
    } else if (!isManifest && blobs.has(name))
      sendPart(request, response, blobs.get(name) as Buffer);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const registry: HostileRegistry = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    blobs,
    layer,
    meddle: () => false,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return registry;
}

function sendPart(request: IncomingMessage, response: ServerResponse, bytes: Buffer): void {
  const from = Number(/^bytes=([0-9]+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const headers =
    from === 0 ? {} : { "content-range": `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(from === 0 ? 200 : 206, headers).end(bytes.subarray(from));
}
