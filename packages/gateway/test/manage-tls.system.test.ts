import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ConnectionOptions, connect, type PeerCertificate } from "node:tls";
import { expect, test } from "vitest";
import { makeCertificates } from "./support/certificates.ts";
import { endProgram, waitForPort } from "./support/gateway-program.ts";
import { type ManagedTree, managedTree } from "./support/managed-tree.ts";

const main = join(import.meta.dirname, "../src/main.ts");

function profile(more = ""): string {
  return `
crypto
key "k" "sharedcert:///own.key"
certificate "c" "sharedcert:///own.pem"
certificate "ca" "sharedcert:///ca.pem"
idcred "i" "k" "c"
valcred "v"
  certificate "ca"
exit
ssl-server "own"
  idcred "i"
${more}exit
exit
rest-mgmt
  ssl-config-type server
  ssl-server own
exit
`;
}

/** The program with its log, once it listens for health. */
async function start(tree: ManagedTree): Promise<{ child: ChildProcess; log: () => string }> {
  const child = spawn(process.execPath, [main, tree.root], {
    env: {
      PATH: process.env.PATH,
      DATAPOWER_WORKER_THREADS: "2",
      GATEWAY_HEALTH_PORT: String(tree.health),
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (part) => {
    text += String(part);
  });
  await expect.poll(() => text, { timeout: 30_000 }).toContain("On-line");
  return { child, log: () => text };
}

function peerOf(port: number, options: ConnectionOptions): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, ...options }, () => {
      socket.write("GET /mgmt/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    });
    socket.once("data", () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on("error", reject);
    socket.on("end", () => reject(new Error("ended without an answer")));
  });
}

test("the interface shows the certificate of its profile, and asks clients for theirs", async () => {
  using certificates = makeCertificates();
  certificates.issue("ca", { ca: true });
  certificates.issue("own", { issuer: "ca", names: "DNS:localhost,IP:127.0.0.1" });
  certificates.issue("client", { issuer: "ca", usage: "clientAuth" });
  const asks = "  request-client-auth on\n  require-client-auth on\n  valcred v\n";
  using tree = await managedTree(profile(asks));
  mkdirSync(join(tree.root, "sharedcerts"));
  for (const file of ["own.key", "own.pem", "ca.pem"]) {
    writeFileSync(join(tree.root, "sharedcerts", file), certificates.read(file));
  }
  const { child, log } = await start(tree);
  try {
    expect(log()).toMatch(/REST management on 127\.0\.0\.1:\d+\n/);
    expect(log()).toMatch(/Status page on .*self-signed/);
    const ca = certificates.read("ca.pem");
    const own = { cert: certificates.read("client.pem"), key: certificates.read("client.key") };
    const peer = await peerOf(tree.rest, { ca, ...own, servername: "localhost" });
    expect(peer.subject.CN).toBe("own");
    await expect(peerOf(tree.rest, { ca, servername: "localhost" })).rejects.toThrow();
  } finally {
    expect(await endProgram(child)).toBe(0);
  }
});

test("a profile that cannot be used keeps its interface closed, and nothing else", async () => {
  using tree = await managedTree(profile());
  const { child, log } = await start(tree);
  try {
    await waitForPort(tree.page);
    expect(log()).toMatch(
      /\[error\] rest-mgmt \(config\/auto-startup\.cfg:\d+\) is not served on .*sharedcert:\/\/\/own\.(?:key|pem)/,
    );
    await expect(peerOf(tree.rest, { rejectUnauthorized: false })).rejects.toThrow(/ECONNREFUSED/);
    const answer = await fetch(`http://127.0.0.1:${tree.port}/a`);
    expect(answer.status).toBe(200);
  } finally {
    expect(await endProgram(child)).toBe(0);
  }
});
