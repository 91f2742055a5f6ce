import { expect, test } from "vitest";
import { loadConfiguration } from "../src/config/load.ts";
import { passwordOf } from "../src/config/password-alias.ts";
import { verifyPassword } from "../src/config/password-hash.ts";
import { treeOf } from "./support/tree.ts";

/** Made with `openssl passwd` -1 and -5; salts of all lengths, one with rounds. */
test.each([
  ["admin", "$1$lithify1$MDyYTrGj1.E.W9cvGSP4z/"],
  ["päss", "$1$ab$HKU0BHffVFSU9ZlG98TKC/"],
  ["Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"],
  ["Hello world!", "$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA"],
  [
    "a password that is much longer than the thirty-two bytes of one digest",
    "$5$abcdefgh$IUI7ynHkjtPNFi2PU/gXSpDOOfbyZpQte99UAIKi7h6",
  ],
  [
    "a password that is much longer than the thirty-two bytes of one digest",
    "$1$abcdefgh$uqXX1e1Vd75M330iH0kG7.",
  ],
])("%s belongs to %s", (password, hash) => {
  expect(verifyPassword(password, hash)).toBe(true);
  expect(verifyPassword(`${password}x`, hash)).toBe(false);
  expect(verifyPassword("", hash)).toBe(false);
});

test("other forms of a hash belong to no password", () => {
  for (const hash of ["", "admin", "$6$salt$x", "$5$rounds=999999999$s$x", "$1$", "$5$"]) {
    expect(verifyPassword("admin", hash)).toBe(false);
  }
});

test("a password alias: variable, then file, then the configuration", () => {
  using tree = treeOf({
    "config/auto-startup.cfg":
      'password-alias "pw-1"\n  password-encrypted "AAAB"\nexit\npassword-alias "plain"\n  password "p"\nexit\n',
    "secrets/pw-1": "from a file\n",
    "secrets/default/plain": "of the domain",
  });
  const domain = loadConfiguration(tree.root).domains.get("default")!;
  const GATEWAY_PASSWORDS = `${tree.root}/secrets`;
  expect(passwordOf(domain, "pw-1", { GATEWAY_PASSWORD_PW_1: "from env" })).toBe("from env");
  expect(passwordOf(domain, "pw-1", { GATEWAY_PASSWORD_DEFAULT_PW_1: "d" })).toBe("d");
  expect(passwordOf(domain, "pw-1", { GATEWAY_PASSWORDS })).toBe("from a file");
  expect(passwordOf(domain, "plain", { GATEWAY_PASSWORDS })).toBe("of the domain");
  expect(passwordOf(domain, "plain", { GATEWAY_PASSWORDS: "/none" })).toBe("p");
  expect(passwordOf(domain, "pw-1", { GATEWAY_PASSWORDS: "/none" })).toBeUndefined();
  expect(passwordOf(domain, "no", { GATEWAY_PASSWORD_NO: "x" })).toBeUndefined();
});
