import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type ConfigDomain, objectKey } from "./model.ts";

/** Largest file with a password, in bytes. */
const longestPassword = 65_536;

/**
 * The password behind a `password-alias`. An encrypted one cannot be read without the product, so
 * the value comes from outside, in this order: the variable `GATEWAY_PASSWORD_<DOMAIN>_<NAME>`,
 * then `GATEWAY_PASSWORD_<NAME>` (upper case, other characters than letters and digits as `_`),
 * then the file `<domain>/<name>` and then `<name>` below the folder GATEWAY_PASSWORDS (default
 * `/run/secrets`; one last newline is not part of it), then `password` in the configuration.
 * Undefined when there is none.
 */
export function passwordOf(
  domain: ConfigDomain,
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const object = domain.objects.get(objectKey("PasswordAlias", name));
  if (object === undefined || !object.enabled) return undefined;
  for (const variable of [`${domain.name}_${name}`, name]) {
    const value = env[`GATEWAY_PASSWORD_${variable.toUpperCase().replaceAll(/[^A-Z0-9]/g, "_")}`];
    if (value !== undefined) return value;
  }
  if (/^[A-Za-z0-9_.-]+$/.test(name) && !name.startsWith(".")) {
    const folder = env.GATEWAY_PASSWORDS ?? "/run/secrets";
    for (const file of [join(folder, domain.name, name), join(folder, name)]) {
      const value = readPassword(file);
      if (value !== undefined) return value;
    }
  }
  return object.lines.findLast((line) => line.name === "password" && !line.negated)?.arguments[0];
}

function readPassword(file: string): string | undefined {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > longestPassword) return undefined;
    return bytes.toString("utf8").replace(/\r?\n$/, "");
  } catch {
    return undefined;
  }
}
