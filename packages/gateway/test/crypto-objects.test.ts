import { cpSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadConfiguration } from "../src/config/load.ts";
import {
  type CryptoReader,
  readIdentity,
  readValidation,
} from "../src/plan/crypto/crypto-objects.ts";
import { peerRefusal, type Validation } from "../src/plan/crypto/peer-check.ts";
import { Refusals } from "../src/plan/refusals.ts";
import { type Certificates, makeCertificates } from "./support/certificates.ts";
import { treeOf } from "./support/tree.ts";

let certificates: Certificates;

beforeAll(() => {
  certificates = makeCertificates();
  const { issue, openssl } = certificates;
  issue("root", { ca: true });
  issue("middle", { ca: true, issuer: "root" });
  issue("server", { issuer: "middle", names: "DNS:a.test", usage: "serverAuth" });
  issue("client", { issuer: "middle", usage: "clientAuth" });
  issue("alone", {});
  const locked = ["-aes256", "-passout", "pass:secret"];
  openssl("pkcs8", "-topk8", "-in", "server.key", "-passout", "pass:secret", "-out", "server.p8");
  openssl("ec", "-in", "server.key", ...locked, "-out", "server.old.key");
  openssl(
    "pkcs8",
    "-topk8",
    "-nocrypt",
    "-in",
    "server.key",
    "-outform",
    "DER",
    "-out",
    "server.der",
  );
  openssl("ec", "-in", "server.key", "-outform", "DER", "-out", "server.sec1");
  openssl("x509", "-in", "server.pem", "-outform", "DER", "-out", "server.crt");
  const archive = ["-inkey", "server.key", "-in", "server.pem", "-certfile", "middle.pem"];
  openssl("pkcs12", "-export", ...archive, "-passout", "pass:secret", "-out", "server.p12");
  openssl("genrsa", "-out", "rsa.key", "2048");
  openssl("req", "-x509", "-key", "rsa.key", "-subj", "/CN=rsa", "-out", "rsa.pem");
  const old = ["-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-macalg", "sha1"];
  const rsa = ["-inkey", "rsa.key", "-in", "rsa.pem", "-passout", "pass:secret"];
  openssl("pkcs12", "-export", ...rsa, ...old, "-out", "rsa.p12");
});
afterAll(() => certificates[Symbol.dispose]());

/** A domain with these crypto statements; `files` says where in the tree which file goes. */
function readerOf(
  statements: string,
  files: Readonly<Record<string, string>>,
  options: { env?: Record<string, string>; now?: Date } = {},
): CryptoReader & Disposable {
  const tree = treeOf({
    "config/auto-startup.cfg": `domain "d"\n  visible-domain default\nexit\n`,
    "config/d/d.cfg": `crypto\n${statements}\nexit\nmpgw "s"\nexit\n`,
  });
  for (const [place, file] of Object.entries(files)) {
    mkdirSync(dirname(join(tree.root, place)), { recursive: true });
    cpSync(join(certificates.folder, file), join(tree.root, place));
  }
  const domain = loadConfiguration(tree.root).domains.get("d")!;
  const service = domain.objects.get("MultiProtocolGateway/s")!;
  const refusals = new Refusals(service);
  const { env = {}, now = new Date() } = options;
  return { root: tree.root, domain, refusals, env, now, [Symbol.dispose]: tree[Symbol.dispose] };
}

function identityOf(reader: CryptoReader) {
  const object = reader.domain.objects.get("MultiProtocolGateway/s")!;
  return readIdentity(reader, "i", { object });
}

const whys = (reader: CryptoReader): string[] =>
  reader.refusals.list.map(({ object, origin, why }) => `${object}:${origin.line}: ${why}`);

/** One line a case: key statement, certificate statement, the files in usrcerts/d, the password. */
test.each([
  ["PEM", "k.key", "c.pem", { "k.key": "server.key", "c.pem": "server.pem" }, 1],
  ["PKCS#8, encrypted", "k.p8 pw", "c.pem", { "k.p8": "server.p8", "c.pem": "server.pem" }, 1],
  ["SEC 1, encrypted", "k pw", "c.pem", { k: "server.old.key", "c.pem": "server.pem" }, 1],
  ["DER", "k.der", "c.crt", { "k.der": "server.der", "c.crt": "server.crt" }, 1],
  ["SEC 1 DER", "k.der", "c.crt", { "k.der": "server.sec1", "c.crt": "server.crt" }, 1],
  ["PKCS#12", "a.p12 pw", "a.p12 pw", { "a.p12": "server.p12" }, 2],
  ["older PKCS#12 with RSA", "a.p12 pw", "a.p12 pw", { "a.p12": "rsa.p12" }, 1],
] as const)("a key and a certificate: %s", (_, key, certificate, files, count) => {
  const statement = (alias: string, name: string, text: string): string => {
    const [file, password] = text.split(" ");
    const alone = password === undefined ? "" : ' password-alias "pw"';
    return `${alias} "${name}" "cert:///${file}"${alone}`;
  };
  const statements = [
    'password-alias "pw"\n  password-encrypted "AAAA"\nexit',
    statement("key", "k", key),
    statement("certificate", "c", certificate),
    'idcred "i" "k" "c"',
  ].join("\n");
  const placed = Object.fromEntries(
    Object.entries(files).map(([place, file]) => [`usrcerts/d/${place}`, file]),
  );
  using reader = readerOf(statements, placed, { env: { GATEWAY_PASSWORD_PW: "secret" } });
  const identity = identityOf(reader);
  expect(whys(reader)).toEqual([]);
  expect(identity?.certificates.match(/BEGIN CERTIFICATE/g)).toHaveLength(count);
  expect(identity?.key).toMatch(/^-----BEGIN PRIVATE KEY-----/);
});

const both = { "usrcerts/d/k": "server.key", "usrcerts/d/c": "server.pem" };
const pair = 'key "k" "cert:///k"\ncertificate "c" "cert:///c"\nidcred "i" "k" "c"';

test.each([
  [
    "no such key",
    'certificate "c" "cert:///c"\nidcred "i" "k" "c"',
    both,
    'idcred "i":3: key "k" does not exist',
  ],
  [
    "no file",
    pair,
    { "usrcerts/d/k": "server.key" },
    'certificate "c":3: cert:///c: its file does not exist',
  ],
  [
    "no PEM",
    pair,
    { ...both, "usrcerts/d/k": "server.ext" },
    'key "k":2: cert:///k: its file holds no private key in PEM, DER or PKCS#12',
  ],
  [
    "no certificate",
    pair,
    { ...both, "usrcerts/d/c": "server.key" },
    'certificate "c":3: cert:///c: its file holds no certificate',
  ],
  [
    "of others",
    pair,
    { ...both, "usrcerts/d/k": "client.key" },
    'idcred "i":4: its key and its certificate do not belong together',
  ],
  [
    "locked",
    pair,
    { ...both, "usrcerts/d/k": "server.p8" },
    'key "k":2: cert:///k: it is encrypted and there is no password for it',
  ],
  [
    "locked, older",
    pair,
    { ...both, "usrcerts/d/k": "server.old.key" },
    'key "k":2: cert:///k: it is encrypted and there is no password for it',
  ],
  [
    "locked archive",
    pair,
    { ...both, "usrcerts/d/k": "server.p12" },
    'key "k":2: cert:///k: it is encrypted and there is no password for it',
  ],
  [
    "wrong password",
    pair.replace('cert:///k"', 'cert:///k" password "x"'),
    { ...both, "usrcerts/d/k": "server.p8" },
    'key "k":2: cert:///k: it cannot be decrypted with its password',
  ],
  [
    "alias without value",
    `password-alias "pw"\n  password-encrypted "A"\nexit\n${pair.replace('cert:///k"', 'cert:///k" password-alias "pw"')}`,
    both,
    'key "k":5: cert:///k: there is no password for password-alias "pw"',
  ],
  [
    "elsewhere",
    pair.replace("cert:///k", "local:///k"),
    both,
    'key "k":2: local:///k is no place for keys and certificates',
  ],
  [
    "upwards",
    pair.replace("cert:///k", "cert:///../d/k"),
    both,
    'key "k":2: cert:///../d/k is no place for keys and certificates',
  ],
  [
    "disabled",
    pair.replace('cert:///k"', 'cert:///k" admin-state disabled'),
    both,
    'key "k":2: it is disabled',
  ],
] as const)("refused: %s", (_, statements, files, expected) => {
  using reader = readerOf(statements, files);
  expect(identityOf(reader)).toBeUndefined();
  expect(whys(reader)).toContain(expected);
});

test("a certificate out of its time is refused unless its object ignores that", () => {
  const now = new Date(Date.now() + 40 * 24 * 3600 * 1000);
  using reader = readerOf(pair, both, { now });
  expect(identityOf(reader)).toBeUndefined();
  expect(whys(reader)[0]).toMatch(/^certificate "c":3: cert:\/\/\/c: it expired at 20/);
  using early = readerOf(pair, both, { now: new Date(0) });
  expect(identityOf(early)).toBeUndefined();
  expect(whys(early)[0]).toMatch(/it is valid only from 20/);
  using ignoring = readerOf(pair.replace('cert:///c"', 'cert:///c" ignore-expiration'), both, {
    now,
  });
  expect(identityOf(ignoring)).toBeDefined();
});

test.each(["usrcerts/d/k", "secure/usrcerts/d/k", "../root/secure/usrcerts/d/k"])(
  "keys are found in %s",
  (place) => {
    using reader = readerOf('key "k" "cert:///k"', {});
    using below = readerOf(pair, { ...both });
    expect(identityOf(below)).toBeDefined();
    // beside the tree: the tree is moved one folder down
    using tree = treeOf({ "drouter/config/auto-startup.cfg": 'domain "d"\nexit\n' });
    const file = join(tree.root, "drouter", place);
    mkdirSync(dirname(file), { recursive: true });
    cpSync(join(certificates.folder, "server.key"), file);
    cpSync(join(certificates.folder, "server.pem"), file.replace(/k$/, "c"));
    const moved = { ...below, root: join(tree.root, "drouter") };
    expect(identityOf(moved)).toBeDefined();
    expect(whys(reader)).toEqual([]);
  },
);

/** One line a case: mode, the certificates of the list, who comes, what is said of it. */
test.each([
  ["legacy", "client", "client", undefined],
  ["legacy", "middle", "client", undefined],
  ["legacy", "root", "client", "neither it nor its issuer is in the list"],
  ["legacy", "alone root", "client", "neither it nor its issuer is in the list"],
  ["legacy", "middle", "server", "it is not for a client"],
  ["legacy", "alone", "alone", undefined],
  ["exact-match", "client", "client", undefined],
  ["exact-match", "middle", "client", "it is not in the list"],
  ["pkix", "root", "client", "no chain"],
] as const)("%s with %s: %s", (mode, list, peer, expected) => {
  const validation = validationOf(mode, list.split(" "));
  const [own] = validationOf("legacy", [peer]).certificates;
  expect(peerRefusal(validation, own, "client", new Date(), "no chain")).toBe(expected);
  expect(peerRefusal(validation, undefined, "client", new Date(), undefined)).toBeDefined();
  const late = new Date(Date.now() + 40 * 24 * 3600 * 1000);
  expect(peerRefusal(validation, own, "client", late, undefined)).toBe("it is out of its time");
});

test.each([
  ["crldp require", 'property "crldp" set to "require" is not served'],
  ["require-crl on", 'property "require-crl" set to "on" is not served'],
  ["explicit-policy on", 'property "explicit-policy" set to "on" is not served'],
  ["check-dates off", 'property "check-dates" set to "off" is not served'],
  ["initial-policy-set 1.2.3", "certificate policies are not served"],
])("a valcred with %s is refused", (line, why) => {
  const statements = `certificate "c" "cert:///c"\nvalcred "v"\n  certificate "c"\n  ${line}\nexit`;
  using reader = readerOf(statements, both);
  const object = reader.domain.objects.get("MultiProtocolGateway/s")!;
  readValidation(reader, "v", { object });
  expect(whys(reader)).toEqual([`valcred "v":5: ${why}`]);
});

function validationOf(mode: string, names: readonly string[]): Validation {
  const statements = [
    ...names.map((name) => `certificate "${name}" "cert:///${name}"`),
    'valcred "v"',
    ...names.map((name) => `  certificate "${name}"`),
    `  cert-validation-mode ${mode}\nexit`,
  ].join("\n");
  const files = Object.fromEntries(names.map((name) => [`usrcerts/d/${name}`, `${name}.pem`]));
  using reader = readerOf(statements, files);
  const object = reader.domain.objects.get("MultiProtocolGateway/s")!;
  const validation = readValidation(reader, "v", { object });
  expect(whys(reader)).toEqual([]);
  return validation!;
}
