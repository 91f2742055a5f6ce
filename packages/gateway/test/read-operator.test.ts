import { expect, test } from "vitest";
import { verifyPassword } from "../src/config/password-hash.ts";
import { readOperator } from "../src/operator/read-operator.ts";

const service = `
apiVersion: datapower.ibm.com/v1beta3
kind: DataPowerService
metadata: { name: gateway }
spec:
  replicas: 1
  users:
    - { name: admin, accessLevel: privileged, passwordSecret: admin-password }
    - { name: other, accessLevel: group-defined, passwordSecret: elsewhere }
  env: [{ name: DATAPOWER_LOG_LEVEL, value: "3" }]
  domains:
    - name: default
      dpApp: { config: [base] }
    - name: echo
      certs: [{ certType: usrcerts, secret: echo-certs }]
      dpApp: { config: [first, second], local: [scripts] }
`;
const maps = `
kind: List
items:
  - { kind: ConfigMap, metadata: { name: base }, data: { base.cfg: "# base" } }
  - { kind: ConfigMap, metadata: { name: first }, data: { a.cfg: "# a" } }
---
{ kind: ConfigMap, metadata: { name: second }, data: { b.cfg: "# b" } }
---
kind: ConfigMap
metadata: { name: scripts }
data: { plain.js: "x" }
binaryData: { all.tar.gz: "AAAA" }
---
{ kind: Secret, metadata: { name: admin-password }, data: { password: "c2VjcmV0" } }
`;

const read = (...texts: string[]): ReturnType<typeof readOperator> =>
  readOperator(texts.map((text, at) => ({ name: `${at}.yaml`, text })));

test("domains, configuration in order, scripts, users with their passwords", () => {
  const { files, archives, notes, service: name } = read(service, maps);
  expect(name).toBe("gateway");
  expect([...files.keys()].sort()).toEqual([
    "config/auto-startup.cfg",
    "config/auto-user.cfg",
    "config/base.cfg",
    "config/echo/a.cfg",
    "config/echo/b.cfg",
    "config/echo/echo.cfg",
    "local/echo/plain.js",
  ]);
  expect(files.get("config/echo/echo.cfg")).toBe(
    'top; configure terminal;\nexec "config:///a.cfg"\nexec "config:///b.cfg"\n',
  );
  expect(files.get("config/auto-startup.cfg")).toContain('exec "config:///base.cfg"');
  expect(files.get("config/auto-startup.cfg")).toContain('domain "echo"\n  visible-domain default');
  const users = files.get("config/auto-user.cfg") ?? "";
  const hash = /password-hashed "([^"]+)"/.exec(users)?.[1] ?? "";
  expect(verifyPassword("secret", hash)).toBe(true);
  expect(users).not.toContain("other");
  expect(archives).toMatchObject([{ domain: "echo", name: "scripts/all.tar.gz" }]);
  expect(notes.join("\n")).toMatch(/the user other is left out/);
  expect(notes.join("\n")).toMatch(/echo-certs has to be mounted at usrcerts\/echo\//);
  expect(notes.join("\n")).toMatch(/DATAPOWER_LOG_LEVEL/);
});

test.each([
  ["no service", maps, "0 objects of kind DataPowerService"],
  ["two services", `${service}\n---\n${service}`, "2 objects of kind DataPowerService"],
  ["a ConfigMap that is missing", service, "the ConfigMap base is not among the files"],
  ["no YAML", "a: [", "0.yaml:"],
  [
    "a domain that is no name",
    `${service.replace("name: echo", "name: ../up")}\n---\n${maps}`,
    "no name of a domain",
  ],
  [
    "a key that is no name",
    `${service}\n---\n${maps.replace("base.cfg", "../base.cfg")}`,
    "no name of a file",
  ],
])("%s", (_what, text, why) => {
  expect(() => read(text)).toThrow(why);
});
