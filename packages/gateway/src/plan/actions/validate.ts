import { existsSync } from "node:fs";
import { fileOfUrl } from "../../config/locations.ts";
import { lineOf, textOf } from "../properties.ts";
import type { ActionKind } from "./action-kind.ts";
import type { SoapValidation } from "./xml-action-plan.ts";

const languages = {
  "schema-url": "xsd",
  "dynamic-schema": "xsd",
  "json-schema-url": "json",
} as const;

/** `validate` against an XML Schema or a JSON Schema; one against a WSDL is not served. */
export const validate: ActionKind = {
  served: [...Object.keys(languages), "soap-validation"],
  plan(planner, action, common) {
    const { refusals, root, domain } = planner;
    const names = Object.keys(languages) as (keyof typeof languages)[];
    const [name, ...more] = names.filter((each) => textOf(action, each) !== "");
    if (name === undefined && textOf(action, "wsdl-url") === "") {
      refusals.add(action, "validation without a schema is not served");
    }
    if (more.length > 0) {
      refusals.add(action, `it has more than one schema`, lineOf(action, more[0]!));
    }
    const url = name === undefined ? "" : textOf(action, name);
    if (name !== undefined && !url.startsWith("var://")) {
      const file = /^(?:local|config|store|temporary):/.test(url)
        ? fileOfUrl(root, domain.name, url)
        : undefined;
      const line = lineOf(action, name);
      if (file === undefined) refusals.add(action, `schema "${url}" is not read from there`, line);
      else if (!existsSync(file)) refusals.add(action, `schema "${url}" does not exist`, line);
    }
    return {
      ...common,
      type: "validate",
      output: common.output || "NULL",
      language: languages[name ?? "schema-url"],
      url,
      soap: textOf(action, "soap-validation") as SoapValidation,
    };
  },
};
