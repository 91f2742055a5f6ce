import { isFault } from "@lithify/fault";
import { describe, expect, test } from "vitest";
import { modelOf } from "../src/access/model.ts";
import { auditModel } from "../src/audit/audit.ts";
import { composeLaunches } from "../src/launch/compose.ts";
import { dockerRunLaunch } from "../src/launch/docker-run.ts";
import { kubernetesLaunches } from "../src/launch/kubernetes.ts";
import type { Launch } from "../src/launch/launch.ts";
import { launchScans } from "../src/launch/launch-scan.ts";
import { ruleCodes } from "../src/policy/rule-codes.ts";
import { type Case, readCases } from "./case-file.ts";
import { configOf, contentsIn, treeOf } from "./fixture.ts";

const cases = readCases("launch");
const now = new Date("2026-01-01T00:00:00Z");

/** The sealed image that the cases start, unless one brings its own layer. */
const image = [
  "d 0755 0:0 /etc",
  "d 0755 0:0 /bin",
  "f 0755 0:0 /bin/serve x",
  "d 0755 0:0 /opt",
  "d 0755 0:0 /opt/app",
  "d 0755 0:0 /opt/app/config",
  "f 0644 0:0 /opt/app/config/main.cfg x",
  "l 0777 0:0 /app -> /opt/app",
  "d 0755 0:0 /mnt",
  "d 1777 0:0 /tmp",
];

const accounts = {
  passwd: "root:x:0:0::/:/bin/sh\napp:x:9:9::/:/bin/sh",
  group: "root:x:0:\nextra:x:27:app",
};

describe("launches", () => {
  test.each(cases.map((each) => [each.name, each] as const))("%s", (_name, each) => {
    const wanted = each.section("fault");
    if (wanted.length > 0) {
      expect(faultLines(each)).toEqual(wanted);
      return;
    }
    const model = modelOf({
      tree: treeOf(each.layers.length === 0 ? image : each.layers.flat(), each.xattrs),
      config: configOf({ User: "app", Cmd: ["/bin/serve"], ...each.config }),
      policy: { ...each.policy, writable: ["/tmp"], trees: trees(each) },
      accounts,
      contents: contentsIn(each.layers.length === 0 ? image : each.layers.flat()),
    });
    const scans = launchScans(model, launchesOf(each));
    const report = auditModel(model, [], now, scans);
    expect(scans.map(identityLine)).toEqual(each.section("identities"));
    expect(
      report.findings.map(
        ({ rule, path, place }) => `${rule} ${path} ${place?.line}:${place?.column}`,
      ),
    ).toEqual(each.section("findings"));
    for (const sentence of each.section("open")) {
      expect(
        report.notProven.some((one) => one.includes(sentence)),
        sentence,
      ).toBe(true);
    }
    for (const { witness, fix } of report.findings) {
      expect(witness.length).toBeGreaterThan(0);
      expect(fix).not.toBe("");
    }
  });

  test("each rule about launches has a case in each of the three formats, or cannot be said there", () => {
    const said = (format: string) =>
      new Set(
        cases
          .filter((each) => each.section(format).length > 0)
          .flatMap((each) => each.section("findings").map((line) => line.split(" ")[0])),
      );
    const about = ["LI-PRIVILEGED", "LI-MOUNT", "LI-ROOTFS", "LI-NAMESPACE", "LI-HOST"];
    expect(about.every((code) => (ruleCodes as readonly string[]).includes(code))).toBe(true);
    for (const format of ["pod", "compose", "docker-run"]) {
      expect([format, ...about.filter((code) => !said(format).has(code))]).toEqual([format]);
    }
  });

  test("aliases of aliases are counted, not unfolded", () => {
    const lists = ["a: &a [x,x,x,x,x,x,x,x,x]"];
    for (let depth = 0; depth < 8; depth += 1) {
      const from = String.fromCharCode(97 + depth);
      const to = String.fromCharCode(98 + depth);
      lists.push(`${to}: &${to} [${`*${from},`.repeat(9)}]`);
    }
    const head = "apiVersion: v1\nkind: Pod\nmetadata:\n";
    const deep = `${head}${lists.map((line) => `  ${line}\n`).join("")}spec:\n  containers: *i\n`;
    expect(() => kubernetesLaunches(deep, "pod.yaml")).toThrow(
      expect.objectContaining({ code: "LAUNCH_INVALID" }),
    );
    const wide = `${head}  a: 1\nspec:\n  volumes: &v [${"{name: x, emptyDir: {}},".repeat(2000)}]\n  containers: [${"{name: x, volumeMounts: [], volumeDevices: []},".repeat(100)}]\n`;
    expect(() => kubernetesLaunches(wide, "pod.yaml")).toThrow(
      expect.objectContaining({ code: "LAUNCH_INVALID" }),
    );
    const large = `${"#".repeat(1024 * 1024)}\nkind: Pod\n`;
    expect(() => composeLaunches(large, "compose.yaml")).toThrow(
      expect.objectContaining({ code: "LAUNCH_INVALID" }),
    );
  });

  test("a manifest cut off anywhere gives a fault or launches, never another error", () => {
    for (const each of cases) {
      for (const format of ["pod", "compose", "docker-run"] as const) {
        const text = each.section(format).join("\n");
        for (let end = 0; end < text.length; end += 7) {
          try {
            readers[format](text.slice(0, end));
          } catch (error) {
            expect(isFault(error, "LAUNCH_INVALID"), `${each.name}: ${String(error)}`).toBe(true);
          }
        }
      }
    }
  });
});

const readers = {
  pod: (text: string) => kubernetesLaunches(text, "f"),
  compose: (text: string) => composeLaunches(text, "f"),
  "docker-run": (text: string) => [dockerRunLaunch(text, "f")],
} as const;

function launchesOf(each: Case): readonly Launch[] {
  return (["pod", "compose", "docker-run"] as const).flatMap((format) => {
    const text = each.section(format).join("\n");
    return text === "" ? [] : readers[format](text);
  });
}

function faultLines(each: Case): readonly string[] {
  try {
    const model = modelOf({
      tree: treeOf(image),
      config: configOf({ User: "app" }),
      policy: each.policy,
      accounts,
    });
    launchScans(model, launchesOf(each));
  } catch (error) {
    if (!isFault(error)) throw error;
    return [`${error.code} ${error.place?.line}:${error.place?.column} ${error.why}`];
  }
  return [];
}

function identityLine({ launch, identity }: ReturnType<typeof launchScans>[number]): string {
  const { uid, gid, groups, capabilities, noNewPrivileges, bounding = [] } = identity;
  return `${launch.name} ${uid}:${gid} ${groups.join(",")} ${capabilities.length}/${bounding.length}${noNewPrivileges ? " nnp" : ""}`;
}

/** `-- strict`: /opt/app/config with exact modes. */
function trees(each: Case) {
  return each.section("strict").map((path) => ({ path, directories: 0o755, files: 0o644 }));
}
