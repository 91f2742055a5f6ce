import { parsePlan } from "@lithify/rollout";
import { parsePolicy } from "@lithify/seal";
import { parseRecipe } from "../packages/build/src/recipe.ts";
import { lexConfiguration } from "../packages/gateway/src/config/lexer.ts";
import { readConfiguration } from "../packages/gateway/src/config/reader.ts";
import {
  parseConfig,
  parseIndex,
  parseManifest,
} from "../packages/oci/src/image/manifest-parse.ts";
import { parseReference, referenceText } from "../packages/oci/src/image/reference.ts";
import { parseGroup, parsePasswd } from "../packages/oci/src/image/users.ts";
import { decodeAcl } from "../packages/seal/src/access/acl.ts";
import { parseStatement } from "../packages/seal/src/statement/statement.ts";
import type { Target } from "./target.ts";

const digest = `sha256:${"ab".repeat(32)}`;
const descriptor = {
  mediaType: "application/vnd.oci.image.layer.v1.tar+gzip",
  digest,
  size: 100,
};

/** Readers of documents and texts. */
export const textTargets: readonly Target[] = [
  {
    name: "manifest",
    corpus: async () => [
      json({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: { ...descriptor, mediaType: "application/vnd.oci.image.config.v1+json" },
        layers: [descriptor, { ...descriptor, annotations: { a: "b" } }],
        annotations: { "org.opencontainers.image.created": "2026-01-01T00:00:00Z" },
      }),
    ],
    parse: (bytes) => parseManifest(bytes),
  },
  {
    name: "config",
    corpus: async () => [
      json({
        architecture: "amd64",
        os: "linux",
        created: "2026-01-01T00:00:00Z",
        config: {
          User: "drouter",
          Env: ["PATH=/bin"],
          Entrypoint: ["/bin/sh", "-c"],
          Volumes: { "/data": {} },
          ExposedPorts: { "80/tcp": {} },
          Labels: { a: "b" },
        },
        rootfs: { type: "layers", diff_ids: [digest] },
        history: [{ created_by: "COPY", empty_layer: true }],
      }),
    ],
    parse: (bytes) => parseConfig(bytes),
  },
  {
    name: "index",
    corpus: async () => [
      json({
        schemaVersion: 2,
        manifests: [
          {
            ...descriptor,
            mediaType: "application/vnd.oci.image.manifest.v1+json",
            platform: { os: "linux", architecture: "arm64", variant: "v8" },
            annotations: { "org.opencontainers.image.ref.name": "web:1" },
          },
        ],
      }),
    ],
    parse: (bytes) => parseIndex(bytes),
  },
  {
    name: "reference",
    corpus: async () =>
      ["web:1.4", `web@${digest}`, digest, "registry.example:5000/a/b-c__d:v1"].map(text),
    parse(bytes) {
      const reference = parseReference(bytes.toString());
      const again = parseReference(referenceText(reference));
      if (JSON.stringify(again) !== JSON.stringify(reference)) {
        throw new Error("a reference is another one after it was written and read");
      }
    },
  },
  {
    name: "dockerfile",
    corpus: async () =>
      [
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a placeholder of Dockerfiles
        '# escape=\\\nARG V=1\nFROM base:${V:-2} AS one\nENV A=b C="d e"\nCOPY --chmod=644 --from=two a* "b c" /d/\n',
        'FROM scratch\nRUN <<EOF\necho a\nEOF\nRUN --mount=type=cache,target=/x ["a", "b"]\nLABEL a=\'b\'\n',
        'FROM a\nADD --chown=1:2 x \\\n  # comment\n  y\nHEALTHCHECK --interval=5s CMD a\nONBUILD RUN b\nVOLUME ["/a"]\nUSER a:b\n',
      ].map(text),
    parse: (bytes) => parseRecipe(bytes.toString(), "Dockerfile"),
  },
  {
    name: "policy",
    corpus: async () =>
      [
        "version: 1\nprofile: datapower\n",
        'version: 1\nprofile: generic\nprotect:\n  - path: /srv\n    directories: "0755"\n    files: "0644"\nwritable:\n  - /tmp\nidentities:\n  - drouter:0\n  - "1000:0"\n',
        "# comment\nversion: 1\nuser: drouter\nwritable: [/a b, /c]\n",
      ].map(text),
    parse: (bytes) => parsePolicy(bytes.toString(), "lithify.yaml"),
  },
  {
    name: "plan",
    corpus: async () =>
      [
        "name: shop\nport: 8080\nstable: shop:1\ncanary: shop:2\n",
        "name: a\nport: 1\nstable: a:1\ncanary: a:2\nsplit:\n  unit: cookie:x\n  allow: [a]\nsteps:\n  - setWeight: 5%\n  - observe: 10m\n  - analyse: 2h\nmetrics:\n  - errors: { tolerance: 1% }\n  - latency: { slowerThan: [500ms, 2s], tolerance: 5% }\nalpha: 5%\npsiMax: 3\ndeadline: { after: 2h, policy: hold }\nready: { path: /, timeout: 60s }\n",
      ].map(text),
    parse: (bytes) => parsePlan(bytes.toString(), "plan.yaml"),
  },
  {
    name: "cfg",
    corpus: async () =>
      [
        'top; configure terminal\n\n# comment\nhttp-handler "front"\n  port 8080\n  local-address 0.0.0.0\nexit\n',
        '%if% available "x"\nrule r_0\n  gatewayscript a b "local:///x.js"\nexit\n%endif%\nexec "config:///other.cfg"\n',
        'action "a"\n reset\n type xform\n transform "local:///a b.xsl"\n output OUTPUT\nexit\nno admin-state\n',
      ].map(text),
    parse(bytes) {
      const source = bytes.toString();
      lexConfiguration(source, "x.cfg");
      readConfiguration(source, "x.cfg", {
        domain: "default",
        table: new Map(),
        problems: [],
        skipped: [],
        fileExists: () => true,
        execute: () => undefined,
      });
    },
  },
  {
    name: "users",
    corpus: async () =>
      ["root:x:0:0:root:/root:/bin/sh\n", "wheel:x:10:root,a\n", "a:b\n\n:::::::\n"].map(text),
    parse(bytes) {
      parsePasswd(bytes.toString());
      parseGroup(bytes.toString());
    },
  },
  {
    name: "acl",
    corpus: async () => [
      Buffer.from(
        "0200000001000600ffffffff020006000a00000004000400ffffffff10000600ffffffff20000400ffffffff",
        "hex",
      ),
      Buffer.from("02000000", "hex"),
    ],
    parse: (bytes) => decodeAcl(bytes),
  },
  {
    name: "statement",
    corpus: async () => [
      json({
        version: 1,
        root: digest,
        objects: 1,
        policy: { trees: [], writable: [], identities: [] },
        identities: [],
        notProven: [],
        image: digest,
        from: digest,
      }),
    ],
    parse: (bytes) => parseStatement(bytes),
  },
];

function text(source: string): Buffer {
  return Buffer.from(source);
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value, undefined, 1));
}
