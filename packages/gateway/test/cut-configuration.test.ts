import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfiguration } from "../src/config/load.ts";
import { lintConfiguration } from "../src/lint.ts";
import { planServices } from "../src/plan/plan-services.ts";
import { treeOf } from "./support/tree.ts";

const example = join(import.meta.dirname, "../../../examples/echo-gateway/src");
const startup = readFileSync(join(example, "config/auto-startup.cfg"), "utf8");
const whole = readFileSync(join(example, "config/echo/echo.cfg"), "utf8");
const script = readFileSync(join(example, "local/echo/echo.js"), "utf8");

/** What would be served, as text, without the parts that are functions. */
function outcome(root: string): {
  ready: string[];
  down: string[];
  servable: boolean;
  errors: number;
} {
  const configuration = loadConfiguration(root);
  const services = planServices(configuration);
  return {
    ready: services.flatMap((each) =>
      each.state === "ready" ? [JSON.stringify(each.plan, plain)] : [],
    ),
    down: services.flatMap((each) => (each.state === "down" ? [each.name] : [])),
    servable: lintConfiguration(configuration).servable,
    errors: configuration.problems.filter(({ severity }) => severity === "error").length,
  };
}

function plain(_key: string, value: unknown): unknown {
  return value instanceof Map || value instanceof Set ? [...value] : value;
}

function exampleTree(): ReturnType<typeof treeOf> {
  return treeOf({
    "config/auto-startup.cfg": startup,
    "config/echo/echo.cfg": whole,
    "local/echo/echo.js": script,
  });
}

test("the whole example is served, without a problem", () => {
  using tree = exampleTree();
  const full = outcome(tree.root);
  expect(full).toMatchObject({ down: [], servable: true, errors: 0 });
  expect(full.ready).toHaveLength(1);
});

test("cut after any line, the example is served whole or not at all, and never silently", () => {
  using tree = exampleTree();
  const full = outcome(tree.root);
  const lines = whole.split("\n");
  const service = lines.indexOf('mpgw "echo"');
  for (let kept = 0; kept < lines.length; kept++) {
    writeFileSync(join(tree.root, "config/echo/echo.cfg"), lines.slice(0, kept).join("\n"));
    const cut = outcome(tree.root);
    if (cut.ready.length > 0) {
      expect(kept, "served although the service is not complete").toBeGreaterThan(service);
      expect(cut.ready).toEqual(full.ready);
    } else {
      expect(cut.servable, `line ${kept}`).toBe(false);
    }
  }
});

test("cut inside any line, a quoted text or a word is never half read into what is served", () => {
  using tree = exampleTree();
  const full = outcome(tree.root);
  for (let kept = 1; kept < whole.length; kept += 29) {
    writeFileSync(join(tree.root, "config/echo/echo.cfg"), whole.slice(0, kept));
    const cut = outcome(tree.root);
    if (cut.ready.length > 0) expect(cut.ready).toEqual(full.ready);
    else expect(cut.servable).toBe(false);
  }
});

test("a startup file that is cut inside an object keeps everything down", () => {
  using tree = exampleTree();
  for (const text of ['top; configure terminal;\ndomain "echo"\n  visible', 'domain "echo']) {
    writeFileSync(join(tree.root, "config/auto-startup.cfg"), text);
    const cut = outcome(tree.root);
    expect(cut.ready).toEqual([]);
    expect(cut.errors).toBeGreaterThan(0);
  }
});
