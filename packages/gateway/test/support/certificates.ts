import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Keys and certificates made by openssl, gone when they go out of scope. */
export interface Certificates extends Disposable {
  readonly folder: string;
  read(file: string): Buffer;
  /** Runs openssl in the folder. */
  openssl(...args: readonly string[]): void;
  /** `NAME.key` and `NAME.pem`, issued by another one, or by itself. */
  issue(name: string, options?: IssueOptions): void;
}

export interface IssueOptions {
  readonly issuer?: string;
  readonly ca?: boolean;
  /** As openssl writes it: `DNS:a.test,IP:127.0.0.1`. */
  readonly names?: string;
  readonly usage?: "clientAuth" | "serverAuth";
}

export function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "gateway-certificates-"));
  const openssl = (...args: readonly string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  };
  return {
    folder,
    openssl,
    read: (file) => readFileSync(join(folder, file)),
    issue(name, { issuer, ca = false, names, usage } = {}) {
      const lines = [`basicConstraints=critical,CA:${ca ? "TRUE" : "FALSE"}`];
      if (names !== undefined) lines.push(`subjectAltName=${names}`);
      if (usage !== undefined) lines.push(`extendedKeyUsage=${usage}`);
      writeFileSync(join(folder, `${name}.ext`), lines.join("\n"));
      const curve = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
      openssl("genpkey", ...curve, "-out", `${name}.key`);
      const subject = ["-subj", `/O=lithify/CN=${name}`];
      openssl("req", "-new", "-key", `${name}.key`, ...subject, "-out", `${name}.csr`);
      const by = issuer === undefined ? ["-signkey", `${name}.key`] : issuedBy(issuer);
      const extensions = ["-extfile", `${name}.ext`, "-days", "30"];
      openssl("x509", "-req", "-in", `${name}.csr`, ...by, ...extensions, "-out", `${name}.pem`);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function issuedBy(issuer: string): readonly string[] {
  return ["-CA", `${issuer}.pem`, "-CAkey", `${issuer}.key`, "-CAcreateserial"];
}
