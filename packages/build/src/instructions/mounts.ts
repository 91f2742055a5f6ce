import { Fault, type Place, suggestion } from "@lithify/fault";
import type { Instruction } from "../dockerfile/instruction.ts";

/** A `--mount` of RUN as written, variables expanded, defaults filled in. */
export type MountClause =
  | {
      readonly type: "bind";
      readonly target: string;
      readonly source: string;
      readonly from: string | undefined;
      readonly writable: boolean;
    }
  | {
      readonly type: "cache";
      readonly target: string;
      readonly id: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly type: "tmpfs"; readonly target: string; readonly size: number | undefined }
  | {
      readonly type: "secret";
      readonly id: string;
      readonly target: string | undefined;
      readonly env: string | undefined;
      readonly mode: number;
      readonly required: boolean;
    };

const keysOfType: Readonly<Record<string, readonly string[]>> = {
  bind: ["target", "source", "from", "rw", "ro"],
  cache: ["target", "id", "sharing", "mode", "uid", "gid", "ro"],
  tmpfs: ["target", "size"],
  secret: ["id", "target", "env", "required", "mode"],
};

const otherNames: Readonly<Record<string, string>> = {
  dst: "target",
  destination: "target",
  src: "source",
  readwrite: "rw",
  readonly: "ro",
};

/** The value of one --mount flag. @throws Fault DOCKERFILE_INVALID */
export function parseMount(
  text: string,
  instruction: Instruction,
  place: Place,
  expand: (text: string) => string,
): MountClause {
  const fail = (why: string, hint?: string): Fault =>
    new Fault("DOCKERFILE_INVALID", `--mount=${text} of ${instruction.keyword}`, {
      why,
      place,
      ...(hint === undefined ? {} : { hint }),
    });
  const pairs = new Map<string, string>();
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    const key = (at < 0 ? part : part.slice(0, at)).trim().toLowerCase();
    pairs.set(otherNames[key] ?? key, at < 0 ? "true" : expand(part.slice(at + 1)));
  }
  const type = pairs.get("type") ?? "bind";
  const keys = keysOfType[type];
  if (keys === undefined) {
    const near = suggestion(type, Object.keys(keysOfType));
    throw fail(`there is no mount of type ${type}`, near ?? "bind, cache, tmpfs and secret exist");
  }
  for (const key of pairs.keys())
    if (key !== "type" && !keys.includes(key))
      throw fail(`${key} is not a key of a ${type} mount`, suggestion(key, keys));
  return clauseOf(type, pairs, fail);
}

function clauseOf(
  type: string,
  pairs: ReadonlyMap<string, string>,
  fail: (why: string) => Fault,
): MountClause {
  const mode = pairs.get("mode") ?? (type === "secret" ? "0400" : "0755");
  if (!/^[0-7]{1,4}$/.test(mode)) throw fail(`mode=${mode} is not octal`);
  const octal = Number.parseInt(mode, 8);
  if (type === "secret") return secretClause(pairs, octal, fail);
  const target = pairs.get("target");
  if (target === undefined) throw fail("target is missing");
  if (type === "cache") {
    const [uid = 0, gid = 0] = ["uid", "gid"].map((name) => {
      const value = pairs.get(name) ?? "0";
      if (!/^\d{1,10}$/.test(value)) throw fail(`${name}=${value} is not a number`);
      return Number(value);
    });
    return { type, target, id: pairs.get("id") ?? target, mode: octal, uid, gid };
  }
  if (type === "tmpfs") {
    const size = pairs.get("size");
    if (size !== undefined && !/^\d{1,12}$/.test(size)) throw fail(`size=${size} is not in bytes`);
    return { type, target, size: size === undefined ? undefined : Number(size) };
  }
  const writable = isTrue(pairs.get("rw")) || pairs.get("ro") === "false";
  const source = pairs.get("source") ?? "/";
  return { type: "bind", target, source, from: pairs.get("from"), writable };
}

function secretClause(
  pairs: ReadonlyMap<string, string>,
  mode: number,
  fail: (why: string) => Fault,
): MountClause {
  const given = pairs.get("target");
  const id = pairs.get("id") ?? given?.split("/").at(-1);
  if (id === undefined || id === "") throw fail("id is missing");
  const env = pairs.get("env");
  const target = given ?? (env === undefined ? `/run/secrets/${id}` : undefined);
  return { type: "secret", id, target, env, mode, required: isTrue(pairs.get("required")) };
}

function isTrue(value: string | undefined): boolean {
  return value === "true" || value === "1";
}
