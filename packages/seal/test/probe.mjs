// Runs as one identity: tries every attempt of a batch as Operation in ../src/operation.ts says, and answers with what the kernel said.

import * as fs from "node:fs";
import { readFileSync, writeSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

const { attempts, workingDirectory } = JSON.parse(readFileSync(0, "utf8"));
const O_TMPFILE = 0o20200000;
const unchanged = 0xffffffff;
let counter = 0;

const random = () => `.lithify-probe-${process.pid}-${counter++}`;

const probes = {
  "open-write": (path) =>
    fs.closeSync(fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_NOFOLLOW)),
  "access-write": (path) => fs.accessSync(path, fs.constants.W_OK),
  create: (path) => {
    const name = join(path, random());
    fs.closeSync(fs.openSync(name, "wx", 0o600));
    fs.unlinkSync(name);
  },
  mkdir: (path) => {
    const name = join(path, random());
    fs.mkdirSync(name, 0o700);
    fs.rmdirSync(name);
  },
  symlink: (path) => {
    const name = join(path, random());
    fs.symlinkSync("lithify-probe", name);
    fs.unlinkSync(name);
  },
  "tmpfile-link": (path) => fs.closeSync(fs.openSync(path, O_TMPFILE | fs.constants.O_RDWR, 0o600)),
  rename: (path) => {
    const name = join(dirname(path), random());
    fs.renameSync(path, name);
    fs.renameSync(name, path);
  },
  chmod: (path, { mode }) => fs.chmodSync(path, mode),
  chgrp: (path, { gid }) => fs.lchownSync(path, unchanged, gid),
  utimes: (path, { mtime }) => fs.lutimesSync(path, mtime, mtime),
  link: (path) => {
    const name = join(dirname(path), random());
    fs.linkSync(path, name);
    try {
      fs.unlinkSync(name);
    } catch {} // in a sticky directory it stays, which is allowed all the same
  },
  "link-target": (path, { target }) => {
    fs.closeSync(fs.openSync(path, fs.constants.O_WRONLY | fs.constants.O_CREAT, 0o600));
    fs.unlinkSync(join(dirname(path), target));
  },
};

function tried(attempt, path) {
  try {
    probes[attempt.operation](path, attempt);
    return "allowed";
  } catch (error) {
    if (["EACCES", "EPERM", "EROFS"].includes(error.code)) return "denied";
    return `inconclusive ${error.code} ${basename(path)}`;
  }
}

// A name that ends in ".." cannot be renamed, so rename goes by the directory that holds it.
function relativePath({ operation, path }) {
  if (operation !== "rename" && operation !== "link")
    return relative(workingDirectory, path) || ".";
  return join(relative(workingDirectory, dirname(path)) || ".", basename(path));
}

const answers = attempts.map((attempt) => {
  const answer = tried(attempt, attempt.path);
  if (answer !== "denied" || workingDirectory === undefined) return answer;
  return tried(attempt, relativePath(attempt));
});
writeSync(1, JSON.stringify(answers));
