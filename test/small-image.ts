import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "./place.ts";
import { programPath } from "./place.ts";

const dockerfile = `FROM scratch
COPY busybox /bin/busybox
COPY passwd group /etc/
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox --install -s /bin && mkdir -p /tmp && chmod 1777 /tmp"]
COPY www /srv/www
COPY cgi-bin /srv/cgi-bin
RUN echo "made by a RUN" > /srv/www/made.txt
USER app
EXPOSE 8080
ENTRYPOINT ["sh", "-c", "trap 'exit 0' TERM; httpd -f -p 8080 -h /srv & wait"]
`;

/** Protects the web tree, in the form that a user writes. */
export const smallPolicy = `version: 1
profile: generic
protect:
  - path: /srv/www
    directories: "0755"
    files: "0644"
writable:
  - /tmp
identities:
  - app
  - "app:0"
  - "1000770000:0"
`;

export interface SmallImage {
  /** What the web server answers for /www/index.html. */
  readonly answer?: string;
  /** The shell script behind /cgi-bin/call. */
  readonly script?: string;
  /** Lines added to the Dockerfile before USER. */
  readonly extra?: string;
}

/**
 * Writes a build context: a static busybox that serves /srv on 8080, with the group write that a checkout
 * under umask 002 has. Returns its directory.
 */
export function writeSmallContext(directory: string, image: SmallImage = {}): string {
  const busybox = programPath("busybox");
  if (busybox === undefined) throw new Error("no busybox on this machine");
  for (const name of ["www", "cgi-bin"]) mkdirSync(join(directory, name), { recursive: true });
  copyFileSync(busybox, join(directory, "busybox"));
  chmodSync(join(directory, "busybox"), 0o755);
  const files: Readonly<Record<string, string>> = {
    Dockerfile: dockerfile.replace("USER app\n", `${image.extra ?? ""}USER app\n`),
    passwd: "root:x:0:0:root:/root:/bin/sh\napp:x:1000:0:app:/srv:/bin/sh\n",
    group: "root:x:0:\n",
    "lithify.yaml": smallPolicy,
    "www/index.html": image.answer ?? "hello\n",
    "www/config.txt": "timeout 10\n",
    "cgi-bin/call": image.script ?? script("200 OK", "good"),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  for (const name of ["www/index.html", "www/config.txt"]) chmodSync(join(directory, name), 0o664);
  for (const name of ["www", "cgi-bin"]) chmodSync(join(directory, name), 0o775);
  chmodSync(join(directory, "cgi-bin/call"), 0o755);
  return directory;
}

/** A script for /cgi-bin/call that always answers so. */
export function script(status: string, body: string): string {
  return `#!/bin/sh\nprintf 'Status: ${status}\\r\\nContent-Type: text/plain\\r\\n\\r\\n${body}'\n`;
}

export interface BuildDocument {
  readonly ref: string;
  readonly digest: string;
  readonly layers: readonly {
    readonly digest: string;
    readonly diffId: string;
    readonly size: number;
  }[];
  readonly cached: number;
  readonly seconds: number;
}

export interface SealDocument {
  readonly digest: string;
  readonly from: string;
  readonly plan: readonly {
    readonly layer: string;
    readonly action: "reuse" | "directories" | "files" | "rewrite";
    readonly objects: number;
    readonly bytesAdded: number;
    readonly bytesRewritten: number;
    readonly why: string;
  }[];
  readonly bytesAdded: number;
  readonly bytesRewritten: number;
  readonly statement: { readonly root: string; readonly objects: number };
}

export interface RunDocument {
  readonly name: string;
  readonly id: string;
  readonly image: string;
  readonly mutable: boolean;
  readonly published: readonly { readonly host: string; readonly hostPort: number }[];
}

/** The address of the first published port. */
export function addressOf({ published: [port] }: RunDocument): string {
  if (port === undefined) throw new Error("no port is published");
  return `http://${port.host}:${port.hostPort}`;
}

/** Writes a context in the place and builds it. */
export async function buildSmall(
  place: Place,
  ref: string,
  image: SmallImage = {},
): Promise<BuildDocument> {
  const context = writeSmallContext(place.at(`context-${ref.replace(/[^a-z0-9]/g, "-")}`), image);
  return place.ask<BuildDocument>(["build", context, "--tag", ref]);
}
