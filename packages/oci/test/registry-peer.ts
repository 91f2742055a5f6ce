import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { createServer } from "node:net";
import { join } from "node:path";
import { run } from "./programs.ts";

/** The distribution's registry over TLS with basic authentication, user `u`, password `pw`. */
export interface RegistryPeer {
  readonly host: string;
  readonly ca: string;
  /** A directory that skopeo takes for --cert-dir. */
  readonly certificates: string;
  stop(): Promise<void>;
}

/** bcrypt of `pw`, as htpasswd -B writes it. */
const htpasswd = "u:$2y$05$abcdefghijklmnopqrstuuHIrMEWpUCQe2YqFR3sXwQ75u4od..9q\n";

export async function startRegistryPeer(directory: string): Promise<RegistryPeer> {
  const port = await freePort();
  const file = (name: string) => join(directory, name);
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  await run("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"],
    ...["-keyout", file("key.pem"), "-out", file("ca.crt"), ...subject],
  ]);
  await writeFile(file("htpasswd"), htpasswd);
  await writeFile(
    file("config.yml"),
    JSON.stringify({
      version: "0.1",
      log: { level: "error", accesslog: { disabled: true } },
      storage: { filesystem: { rootdirectory: file("data") } },
      http: {
        addr: `127.0.0.1:${port}`,
        tls: { certificate: file("ca.crt"), key: file("key.pem") },
      },
      auth: { htpasswd: { realm: "test", path: file("htpasswd") } },
    }),
  );
  const child = spawn("docker-registry", ["serve", file("config.yml")], { stdio: "ignore" });
  const ca = await readFile(file("ca.crt"), "utf8");
  for (let tries = 0; tries < 100 && !(await answers(port, ca)); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    host: `127.0.0.1:${port}`,
    ca,
    certificates: directory,
    async stop() {
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function answers(port: number, ca: string): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, path: "/v2/", ca, agent: false }, (answer) => {
      answer.resume();
      resolve(true);
    });
    sent.on("error", () => resolve(false));
    sent.end();
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? (address?.port ?? 0) : 0));
    });
  });
}
