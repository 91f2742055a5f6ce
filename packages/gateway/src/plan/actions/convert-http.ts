import { objectKey } from "../../config/model.ts";
import {
  type FormEncoding,
  formEncodings,
  type InputConversion,
} from "../../xml/http-request-document.ts";
import { patternFromPcre } from "../pcre.ts";
import { lineOf, linesOf, textOf, unservedProperties } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";

/** Without a map every value is decoded as forms are written (?). */
const plainConversion: InputConversion = { otherwise: "urlencoded", rules: [] };

/** `convert-http`: a form or a query as an XML document, by an input-conversion-map. */
export const convertHttp: ActionKind = {
  served: ["input-conversion"],
  plan(planner, action, common) {
    const name = textOf(action, "input-conversion");
    const output = common.output || "OUTPUT";
    const planned = {
      ...common,
      output,
      type: "convert-http",
      conversion: plainConversion,
    } as const;
    if (name === "") return planned;
    const { refusals } = planner;
    const map = planner.domain.objects.get(objectKey("HTTPInputConversionMap", name));
    if (map === undefined || !map.enabled) {
      const line = lineOf(action, "input-conversion");
      refusals.add(action, `input-conversion-map "${name}" does not exist`, line);
      return undefined;
    }
    const served = new Set(["default-encoding", "rule"]);
    for (const { line, why } of unservedProperties(map, served, new Set())) {
      refusals.add(map, why, line);
    }
    const encoding = (text: string, line: ReturnType<typeof lineOf>): FormEncoding => {
      if (formEncodings.has(text)) return text as FormEncoding;
      refusals.add(map, `encoding "${text}" is not served`, line);
      return "plain";
    };
    const rules: InputConversion["rules"][number][] = [];
    for (const line of linesOf(map, "rule")) {
      const [pattern = "", text = ""] = line.arguments;
      try {
        rules.push({ pattern: patternFromPcre(pattern), encoding: encoding(text, line) });
      } catch (error) {
        refusals.add(map, `pattern cannot be evaluated: ${(error as Error).message}`, line);
      }
    }
    const line = lineOf(map, "default-encoding");
    const otherwise = encoding(textOf(map, "default-encoding") || "plain", line);
    return { ...planned, conversion: { otherwise, rules } };
  },
};
