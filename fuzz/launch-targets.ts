import { composeLaunches, dockerRunLaunch, kubernetesLaunches } from "@lithify/seal";
import type { Target } from "./target.ts";

const pod = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  template:
    spec:
      shareProcessNamespace: true
      securityContext: { runAsUser: 9, fsGroup: 7, supplementalGroupsPolicy: Strict }
      containers:
        - &web
          name: web
          image: web@sha256:${"ab".repeat(32)}
          securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: [ALL], add: [CHOWN] } }
          volumeMounts: [{ name: data, mountPath: /data, subPath: a }]
          env: [{ name: PATH, value: /bin }]
          livenessProbe: { exec: { command: [/bin/check] } }
        - { <<: *web, name: other }
      volumes: [{ name: data, hostPath: { path: /srv } }]
`;

const compose = `x-base: &base { cap_drop: [ALL] }
services:
  web:
    <<: *base
    image: web:1
    user: "9:0"
    volumes: [./a:/b:ro, { type: bind, source: /c, target: /d }]
    tmpfs: /tmp
    devices: [/dev/null]
    entrypoint: sh -c "echo $$HOME"
    healthcheck: { test: [CMD, /bin/check] }
`;

const line =
  "sudo docker run -dit -u9:0 --cap-drop=ALL -v '/a b:/c:ro' --mount \"type=bind,src=/x,dst=/y\" --tmpfs /tmp web:1 sh -c 'echo'";

/** Readers of what starts a container. */
export const launchTargets: readonly Target[] = [
  {
    name: "kubernetes",
    corpus: async () => [Buffer.from(pod)],
    parse: (bytes) => kubernetesLaunches(bytes.toString("utf8"), "pod.yaml"),
  },
  {
    name: "compose",
    corpus: async () => [Buffer.from(compose)],
    parse: (bytes) => composeLaunches(bytes.toString("utf8"), "compose.yaml"),
  },
  {
    name: "docker-run",
    corpus: async () => [Buffer.from(line)],
    parse: (bytes) => dockerRunLaunch(bytes.toString("utf8")),
  },
];
