import { digestOf, treeFromNodes } from "@lithify/oci";
import { modelOf } from "../../src/access/model.ts";
import { type AuditReport, auditModel } from "../../src/audit/audit.ts";
import type { ReportAbout } from "../../src/report/about.ts";
import { configOf, everything, identity, treeOf } from "../fixture.ts";

/** Markup, a newline, a byte that is not UTF-8, a right-to-left override. */
export const hostileName = '<b>"&\n\udcff\u202e<script>alert(1)</script>';

const tree = treeFromNodes(
  [
    ...treeOf([
      "d 0755 0:0 /app",
      "f 0664 0:0 /app/known text",
      "d 0775 0:0 /app/HOSTILE",
      "f 0644 0:0 /app/HOSTILE/inner text",
      "d 0777 0:0 /tmp",
    ]),
  ].map((node) => ({ ...node, path: node.path.replace("HOSTILE", hostileName) })),
);

const policy = {
  ...everything,
  writable: ["/tmp"],
  waive: [
    { rule: "LI-CONTENT", path: "/app/known", reason: "known", expires: "2030-01-01" },
    { rule: "LI-ADD", reason: "was known", expires: "2020-01-01" },
  ],
};

/** A model with names that mislead, one waiver that holds and one that expired. */
export function hostileModel() {
  return {
    model: modelOf({ tree, config: configOf(), policy }),
    identities: [identity(7, 0), identity(8, 8)],
  };
}

const at = new Date("2026-05-04T03:02:01Z");

export const about: ReportAbout = {
  image: `x:${hostileName}`,
  source: "lithify.yaml",
  version: "0.1.0",
  at,
  policy,
  tree,
};

export const hostileReport: AuditReport = {
  image: digestOf("x"),
  ...auditModel(hostileModel().model, hostileModel().identities, at),
  identities: hostileModel().identities,
  seconds: 0.25,
};
