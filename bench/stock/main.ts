// `node bench/stock/main.ts [WORKPLACE]`: images made of distribution packages, audited, proved, sealed, audited again; writes
// docs/stock-images.md. Ends with 1 when a finding is not explained or not confirmed. Needs root, debootstrap and a mirror of Debian.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { baseName, exampleDirectory, lithifyProgram, root } from "../checkout.ts";
import { command } from "../commands.ts";
import { type StockImage, startedAs, stockImages } from "./images.ts";
import { type AuditDocument, judged, openFindings, type ProveDocument } from "./judge.ts";
import { makeContext } from "./make.ts";
import { type ImageResult, type Learned, stockReport } from "./report.ts";

const given = process.argv[2];
const workplace = given ?? mkdtempSync(join(tmpdir(), "lithify-stock-"));
mkdirSync(workplace, { recursive: true });
const env = {
  ...process.env,
  LITHIFY_STORE: join(workplace, "store"),
  LITHIFY_STATE: join(workplace, "state"),
};
try {
  const results: ImageResult[] = [];
  for (const image of stockImages) {
    await lithify("build", await makeContext(image, workplace), "-t", image.name);
    results.push(await resultOf(image.name, image.what, image));
  }
  await lithify("gateway", "image", "-t", "base");
  await lithify("build", exampleDirectory, "-t", "gateway", "--build-context", `${baseName}=base`);
  results.push(
    await resultOf(
      "gateway",
      "the example's gateway, as `docker build` makes it from examples/echo-gateway",
      undefined,
    ),
  );
  writeFileSync(join(root, "docs/stock-images.md"), stockReport(results));
  const open = openFindings(results.flatMap(({ findings, sealed }) => [...findings, ...sealed]));
  for (const one of open) process.stderr.write(`open: ${JSON.stringify(one)}\n`);
  const wrong = results.filter(({ disagreements, residue }) => disagreements + residue > 0);
  for (const { name } of wrong) process.stderr.write(`the proof of ${name} disagrees\n`);
  process.exitCode = open.length + wrong.length === 0 ? 0 : 1;
} finally {
  if (given === undefined) rmSync(workplace, { recursive: true, force: true });
}

async function resultOf(
  name: string,
  what: string,
  image: StockImage | undefined,
): Promise<ImageResult> {
  process.stderr.write(`${name}\n`);
  const policy = join(workplace, `${name}.yaml`);
  const writable = (image?.writable ?? []).map((path) => `  - ${path}\n`).join("");
  writeFileSync(policy, `version: 1\nwritable:${writable === "" ? " []\n" : `\n${writable}`}`);
  const as = startedAs.flatMap((identity) => ["--as", identity]);
  const plain = join(workplace, "plain.yaml");
  writeFileSync(plain, "version: 1\nprofile: generic\n");
  const before = ["--policy", plain, ...as];
  const audit = await lithify<AuditDocument>("audit", name, ...before);
  const proof = await lithify<ProveDocument>("prove", name, ...before);
  const own = image === undefined ? join(exampleDirectory, "lithify.yaml") : policy;
  await lithify("seal", name, "-t", `${name}:sealed`, "--policy", own);
  const requests = image?.requests ?? ["GET http://instance:8080/echo"];
  const options = requests.flatMap((request) => ["--request", request]);
  const learned =
    requests.length === 0 ? undefined : await lithify<Learned>("learn", name, ...options);
  const people = startedAs.filter((identity) => identity !== "root");
  const after = people.flatMap((identity) => ["--as", identity]);
  const sealedAudit = await lithify<AuditDocument>("audit", `${name}:sealed`, ...after);
  const sealedProof = await lithify<ProveDocument>("prove", `${name}:sealed`, ...after);
  return {
    name,
    what,
    ...(learned === undefined ? {} : { learned: { ...learned, requests } }),
    objects: audit.objects,
    identities: audit.identities,
    findings: judged(name, audit, proof),
    attempts: proof.attempts.length,
    disagreements: proof.disagreements.length + sealedProof.disagreements.length,
    residue: proof.residue.length + sealedProof.residue.length,
    sealed: judged(name, sealedAudit, sealedProof),
    sealedAttempts: sealedProof.attempts.length,
    sealedAllowed: sealedProof.attempts.filter(({ observed }) => observed === "allowed").length,
  };
}

async function lithify<Document>(...args: readonly string[]): Promise<Document> {
  const { stdout } = await command(process.execPath, [lithifyProgram, ...args, "--json"], {
    env,
    cwd: workplace,
    answers: [0, 1],
  });
  return JSON.parse(stdout) as Document;
}
