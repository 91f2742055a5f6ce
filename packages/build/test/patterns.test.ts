import { isFault, suggestion } from "@lithify/fault";
import { describe, expect, test } from "vitest";
import { cleanPath, patternList } from "../src/context/patterns.ts";
import { parseChmod } from "../src/copy/chmod.ts";
import { casesOf } from "./lines.ts";

describe("ignore patterns", () => {
  test.for(casesOf("ignored.txt"))("%s: %s is %s", ([patterns = "", path = "", answer]) => {
    const ignored = patternList(patterns.split(" ")).matches(cleanPath(path));
    expect(ignored ? "ignored" : "kept").toBe(answer);
  });
});

describe("--chmod", () => {
  test.for(casesOf("modes.txt"))("%s gives %s", ([given = "", result]) => {
    const [mode = "", type, change = ""] = given.split(" ");
    expect(changed(Number.parseInt(mode, 8), type === "d", change)).toBe(result);
  });
});

function changed(mode: number, isDirectory: boolean, change: string): string {
  try {
    return parseChmod(change, { file: "Dockerfile", line: 1 })(mode, isDirectory).toString(8);
  } catch (error) {
    if (isFault(error, "DOCKERFILE_INVALID")) return "!";
    throw error;
  }
}

describe("suggestions", () => {
  test.for([
    ["COPPY", "did you mean COPY?"],
    ["cpoy", "did you mean COPY?"],
    ["WORKIDR", "did you mean WORKDIR?"],
    ["SHIP", undefined],
  ])("%s: %s", ([name, hint]) => {
    expect(suggestion(name ?? "", ["COPY", "WORKDIR", "EXPOSE"])).toBe(hint);
  });
});
