import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { Fault, isFault } from "@lithify/fault";
import { openDockerArchive } from "../archive/docker-archive.ts";
import type { ImageSource } from "../image/place.ts";
import { isLoopback } from "../registry/address.ts";
import { http } from "../registry/node-http.ts";
import { sendBody } from "../registry/send-body.ts";

/** An engine that says nothing for so long is given up; it packs a large image before its first byte. */
const stallMilliseconds = 300_000;
const answerLimit = 4 * 1024 * 1024;

type Env = Readonly<Record<string, string | undefined>>;

/** An image of a Docker engine, by way of a temporary archive. @throws Fault DAEMON_UNREACHABLE, DAEMON_REFUSED, IMAGE_UNKNOWN */
export async function openDaemonSource(ref: string, env: Env): Promise<ImageSource> {
  const directory = await mkdtemp(join(tmpdir(), "lithify-daemon-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const answer = await send(env, "GET", `/images/${encodeURIComponent(ref)}/get`);
    if (answer.statusCode === 404) {
      throw new Fault("IMAGE_UNKNOWN", `image ${ref} of the Docker engine`, {
        why: messageIn(await textOf(answer)),
      });
    }
    if (answer.statusCode !== 200) throw refused(await textOf(answer));
    const path = join(directory, "image.tar");
    await pipeline(answer, createWriteStream(path, { mode: 0o600 }));
    const source = await openDockerArchive(path, undefined);
    const close = async () => {
      await source.close();
      await remove();
    };
    return { ...source, close };
  } catch (error) {
    await remove();
    throw isFault(error) ? error : unreachable(error);
  }
}

/** Loads an archive into a Docker engine; its pieces are given back when they are sent. @throws Fault DAEMON_UNREACHABLE, DAEMON_REFUSED */
export async function loadIntoDaemon(archive: AsyncIterable<Uint8Array>, env: Env): Promise<void> {
  const answer = await send(env, "POST", "/images/load?quiet=1", archive);
  const text = await textOf(answer);
  // An error in the middle of the work comes as one of several JSON lines, with status 200
  if (answer.statusCode !== 200 || /^\{"error/m.test(text)) throw refused(text);
}

async function send(
  env: Env,
  method: string,
  path: string,
  body?: AsyncIterable<Uint8Array>,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const headers = body === undefined ? {} : { "content-type": "application/x-tar" };
  const sent = http.request({ ...endpointOf(env), method, path, headers }, resolve);
  sent.setTimeout(stallMilliseconds, () => sent.destroy(new Error("the engine says nothing")));
  let failure: unknown;
  sent.on("error", (error) => reject(failure ?? unreachable(error)));
  sendBody(sent, body).catch((error: unknown) => {
    if (isFault(error)) failure = error;
    sent.destroy(error as Error);
    reject(failure ?? unreachable(error));
  });
  return promise;
}

function endpointOf({ DOCKER_HOST }: Env) {
  const host = DOCKER_HOST || "unix:///var/run/docker.sock";
  if (host.startsWith("unix://"))
    return { socketPath: host.slice("unix://".length), headers: { host: "docker" } };
  const url = URL.canParse(host) ? new URL(host.replace(/^tcp:/, "http:")) : undefined;
  if (url !== undefined && url.protocol === "http:" && isLoopback(url.hostname)) {
    return { host: url.hostname.replace(/^\[|\]$/g, ""), port: url.port || "2375" };
  }
  throw new Fault("DAEMON_UNREACHABLE", "the Docker engine", {
    why: "DOCKER_HOST is neither a socket of this machine nor a loopback address",
    values: { DOCKER_HOST: host },
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = "";
  try {
    for await (const chunk of answer.setEncoding("utf8")) {
      text += chunk;
      if (text.length > answerLimit) break;
    }
  } catch (error) {
    throw unreachable(error);
  }
  return text;
}

function messageIn(text: string): string {
  const match = /"(?:message|error)"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text);
  return (match?.[1] ?? text)
    .replace(/\p{Cc}/gu, " ")
    .trim()
    .slice(0, 300);
}

function refused(text: string): Fault {
  return new Fault("DAEMON_REFUSED", "the Docker engine", { why: messageIn(text) });
}

function unreachable(error: unknown): Fault {
  return new Fault("DAEMON_UNREACHABLE", "the Docker engine", {
    why: (error as Error).message,
    cause: error,
  });
}
