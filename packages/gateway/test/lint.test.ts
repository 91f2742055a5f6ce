import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfiguration } from "../src/config/load.ts";
import { lintConfiguration } from "../src/lint.ts";
import { treeOf } from "./support/tree.ts";

const example = join(import.meta.dirname, "../../../examples/echo-gateway/src");

test("the example: nothing to find; what serves is served, the boilerplate is tolerated", () => {
  const { findings, objects, servable } = lintConfiguration(loadConfiguration(example));
  expect(findings).toEqual([]);
  expect(servable).toBe(true);
  const answers = new Map(objects.map(({ object, answer }) => [object, answer]));
  expect(answers.get('mpgw "echo"')).toBe("served");
  expect(answers.get('action "echo_gatewayscript"')).toBe("served");
  expect(answers.get('slm-action "notify"')).toBe("tolerated");
  expect(answers.get('wsm-agent "wsm-agent"')).toBe("disabled");
  expect(answers.get('user "admin"')).toBe("tolerated");
});

test("what keeps a service down is unsupported; unknown properties elsewhere are warnings", () => {
  using tree = treeOf({
    "config/auto-startup.cfg": 'domain "d"\nexit\n',
    "config/d/d.cfg": `urlmap "u"
  match "*"
  mtach "x"
exit
mpgw "m"
  front-protocol f
  type dynamic-backend
exit
source-https "f"
  port 8443
exit
stylepolicy "default"
exit
`,
  });
  const { findings, objects, servable } = lintConfiguration(loadConfiguration(tree.root));
  expect(servable).toBe(false);
  expect(findings.map(({ severity, origin, message }) => [severity, origin.line, message])).toEqual(
    [
      ["error", 9, "source-https is not served"],
      ["error", 5, "request-type soap is not served"],
      ["warning", 3, 'property "mtach" is not known for urlmap'],
    ],
  );
  const answers = new Map(objects.map(({ object, answer }) => [object, answer]));
  expect(answers.get('source-https "f"')).toBe("unsupported");
  expect(answers.get('mpgw "m"')).toBe("unsupported");
});
