import { parsePasswd } from "@lithify/oci";
import type { AccessModel } from "../access/model.ts";
import type { Identity } from "../identity/identity.ts";
import { environmentOf } from "./trail.ts";

type Image = Pick<AccessModel, "tree" | "config" | "accounts">;

/** HOME of an identity: what ENV says, else passwd, else `/` (moby, container_operations). */
export function homeOf(image: Image, identity: Identity): string {
  const set = environmentOf(image.config).get("HOME");
  if (set?.startsWith("/")) return set;
  const known = parsePasswd(image.accounts.passwd).entries.find(({ uid }) => uid === identity.uid);
  return known?.home.startsWith("/") ? known.home : "/";
}

/** Files of the system that login shells read, as far as they are there. */
export function systemProfiles(image: Image): readonly string[] {
  const files = ["/etc/profile", "/etc/bash.bashrc", "/etc/bashrc", "/etc/environment"];
  const folder = "/etc/profile.d";
  const found = image.tree.resolve(folder);
  const inside =
    found.answer === "reached"
      ? image.tree.names(found.node.path).map((name) => `${folder}/${name}`)
      : [];
  return [...files, ...inside].filter((path) => image.tree.resolve(path).answer === "reached");
}

/** Files below HOME that login shells read, there or not. */
export function homeProfiles(image: Image, identity: Identity): readonly string[] {
  const home = homeOf(image, identity).replace(/\/+$/u, "");
  return [".profile", ".bash_profile", ".bash_login", ".bashrc"].map((name) => `${home}/${name}`);
}
