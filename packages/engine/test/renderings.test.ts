import {
  composeLaunches,
  dockerRunLaunch,
  kubernetesLaunches,
  type Launch,
  parsePolicy,
} from "@lithify/seal";
import { describe, expect, it } from "vitest";
import { renderWritable } from "../src/learn/renderings.ts";

const indented = (text: string, by: number) =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => " ".repeat(by) + line)
    .join("\n");

/** What learn prints, put where a user would put it, read by what audits manifests. */
async function launchesOf(paths: readonly string[]): Promise<readonly Launch[]> {
  const { docker, compose, kubernetes } = renderWritable(paths);
  const pod = kubernetes.replace(
    "  - securityContext:",
    "  - name: a\n    image: i\n    securityContext:",
  );
  return [
    await dockerRunLaunch(`${docker} image`),
    ...(await composeLaunches(
      `services:\n  a:\n    image: i\n${indented(compose, 4)}\n`,
      "compose.yaml",
    )),
    ...(await kubernetesLaunches(
      `apiVersion: v1\nkind: Pod\nspec:\n${indented(pod, 2)}\n`,
      "pod.yaml",
    )),
  ];
}

describe("what learn prints", () => {
  it.each([
    ["nothing", []],
    ["paths", ["/run", "/var/lib/app"]],
    ["names that want quoting", ["/data/with space", "/it's", "/a#b"]],
  ])("means a sealed start with these mounts and no others: %s", async (_, paths) => {
    const launches = await launchesOf(paths);
    expect(launches).toHaveLength(3);
    for (const launch of launches) {
      expect(launch.readOnlyRoot.value).toBe(true);
      expect(launch.mounts.map(({ target }) => target)).toEqual(paths);
      expect(launch.user.context.dropCapabilities).toEqual(["ALL"]);
      expect(
        launch.user.by === "docker"
          ? launch.user.noNewPrivileges
          : launch.user.context.allowPrivilegeEscalation === false,
      ).toBe(true);
    }
    const { lithify } = renderWritable(paths);
    const policy = await parsePolicy(`version: 1\n${lithify}`, "lithify.yaml");
    expect(policy.writable).toEqual(paths);
  });
});
