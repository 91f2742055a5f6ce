import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { Fault } from "@lithify/fault";

/** What proves to a registry who asks. An identity token is exchanged for access tokens (OAuth 2 refresh token). */
export type Credentials =
  | { readonly by: "password"; readonly username: string; readonly password: string }
  | { readonly by: "identity-token"; readonly token: string };

/** Where credentials come from, by the host of a registry; undefined for none. */
export interface Keychain {
  credentials(host: string): Promise<Credentials | undefined>;
}

export const noCredentials: Keychain = { credentials: async () => undefined };

const helperMilliseconds = 30_000;
const helperBytes = 1024 * 1024;

/**
 * The credentials of `docker login`: config.json in DOCKER_CONFIG or ~/.docker, with its credHelpers, credsStore
 * and auths, in this order. `credentials` throws Fault CREDENTIALS_INVALID.
 */
export function dockerKeychain(env: Readonly<Record<string, string | undefined>>): Keychain {
  const path = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), ".docker"), "config.json");
  let config: Promise<Fields> | undefined;
  return {
    async credentials(host) {
      config ??= readConfig(path);
      const fields = await config;
      for (const key of keysOf(host)) {
        const helper = textAt(fields.credHelpers, key);
        if (helper !== undefined) return fromHelper(helper, key, env);
      }
      if (typeof fields.credsStore === "string") {
        for (const key of keysOf(host)) {
          const found = await fromHelper(fields.credsStore, key, env);
          if (found !== undefined) return found;
        }
      }
      for (const key of keysOf(host)) {
        const found = fromEntry(recordOf(fields.auths)[key], path);
        if (found !== undefined) return found;
      }
      return undefined;
    },
  };
}

type Fields = Readonly<Record<string, unknown>>;

async function readConfig(path: string): Promise<Fields> {
  try {
    return recordOf(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new Fault("CREDENTIALS_INVALID", "reading the Docker configuration", {
      why: error instanceof SyntaxError ? "it is not JSON" : (error as Error).message,
      values: { path },
      cause: error,
    });
  }
}

/** Docker files its own registry under the address of an older version of the protocol. */
function keysOf(host: string): readonly string[] {
  if (host === "docker.io") return ["https://index.docker.io/v1/", "index.docker.io", "docker.io"];
  return [host, `https://${host}`, `https://${host}/`, `http://${host}`];
}

function fromEntry(entry: unknown, path: string): Credentials | undefined {
  const { auth, identitytoken, username, password } = recordOf(entry);
  if (typeof identitytoken === "string" && identitytoken !== "") {
    return { by: "identity-token", token: identitytoken };
  }
  if (typeof auth === "string" && auth !== "") {
    const text = Buffer.from(auth, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 1) {
      throw new Fault("CREDENTIALS_INVALID", "reading the Docker configuration", {
        why: "an auth is not the base64 form of USER:PASSWORD",
        values: { path },
      });
    }
    // Docker pads passwords with zero bytes
    const secret = text.slice(colon + 1).replaceAll("\0", "");
    return { by: "password", username: text.slice(0, colon), password: secret };
  }
  if (typeof username !== "string" || typeof password !== "string") return undefined;
  return { by: "password", username, password };
}

/** The protocol of docker-credential-helpers: `get`, the server on standard input, JSON on standard output. */
async function fromHelper(
  name: string,
  server: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Credentials | undefined> {
  const failed = (why: string) =>
    new Fault("CREDENTIALS_INVALID", `the credential helper ${name}`, { why, values: { server } });
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) throw failed("its name is not one of a program");
  const { code, output } = await runHelper(`docker-credential-${name}`, server, env).catch(
    (error: unknown) => {
      throw failed((error as Error).message);
    },
  );
  if (code !== 0) {
    if (/credentials not found/i.test(output)) return undefined;
    throw failed(output.trim().slice(0, 300) || `it ended with ${code}`);
  }
  let answer: Fields;
  try {
    answer = recordOf(JSON.parse(output));
  } catch {
    throw failed("its answer is not JSON");
  }
  const { Username, Secret } = answer;
  if (typeof Username !== "string" || typeof Secret !== "string" || Secret === "") return undefined;
  if (Username === "<token>") return { by: "identity-token", token: Secret };
  return { by: "password", username: Username, password: Secret };
}

function runHelper(
  program: string,
  input: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly code: number | null; readonly output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, ["get"], {
      env,
      stdio: ["pipe", "pipe", "ignore"],
      timeout: helperMilliseconds,
    });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.length > helperBytes) child.kill("SIGKILL");
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

function textAt(value: unknown, key: string): string | undefined {
  const found = recordOf(value)[key];
  return typeof found === "string" && found !== "" ? found : undefined;
}

function recordOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : {};
}
