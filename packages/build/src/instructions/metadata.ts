import { jsonWords, plainWords } from "../dockerfile/words.ts";
import { expanded, type InstructionRule, invalid, needsArgument } from "./rule.ts";

export const userRule: InstructionRule = {
  keyword: "USER",
  flags: [],
  heredocs: false,
  check: needsArgument,
  apply: (step) => {
    const user = expanded(step, step.instruction.rest);
    if (user === "")
      throw invalid(step.instruction, "the user is empty once variables are expanded");
    step.stage.process.User = user;
    step.stage.note(`USER ${user}`);
  },
};

export const exposeRule: InstructionRule = {
  keyword: "EXPOSE",
  flags: [],
  heredocs: false,
  check: needsArgument,
  apply: (step) => {
    const { instruction, stage } = step;
    const words = plainWords(expanded(step, instruction.rest));
    const ports = words.flatMap((word) => {
      const found = portsOf(word);
      if (found === undefined)
        throw invalid(instruction, `${word} is not a port`, "write PORT[-PORT][/tcp|udp|sctp]");
      return found;
    });
    stage.process.ExposedPorts = {
      ...stage.process.ExposedPorts,
      ...Object.fromEntries(ports.map((port) => [port, {}])),
    };
    stage.note(`EXPOSE ${words.join(" ")}`);
  },
};

function portsOf(word: string): readonly string[] | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || first > last || last > 65535) return undefined;
  const protocol = match[3]?.toLowerCase() ?? "tcp";
  return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
}

export const volumeRule: InstructionRule = {
  keyword: "VOLUME",
  flags: [],
  heredocs: false,
  check: needsArgument,
  apply: (step) => {
    const { instruction, stage } = step;
    const words = jsonWords(instruction.rest) ?? plainWords(instruction.rest);
    const volumes = words.map((word) => expanded(step, word));
    if (volumes.length === 0 || volumes.some((volume) => volume.trim() === ""))
      throw invalid(instruction, "a volume's path is empty");
    stage.process.Volumes = {
      ...stage.process.Volumes,
      ...Object.fromEntries(volumes.map((volume) => [volume, {}])),
    };
    stage.note(`VOLUME [${volumes.join(" ")}]`);
  },
};

export const stopSignalRule: InstructionRule = {
  keyword: "STOPSIGNAL",
  flags: [],
  heredocs: false,
  check: needsArgument,
  apply: (step) => {
    const signal = expanded(step, step.instruction.rest);
    if (!/^(?:\d{1,2}|(?:SIG)?[A-Z][A-Z0-9]*(?:[+-]\d+)?)$/i.test(signal))
      throw invalid(step.instruction, `${signal} is not a signal`, "write SIGTERM, or its number");
    step.stage.process.StopSignal = signal;
    step.stage.note(`STOPSIGNAL ${signal}`);
  },
};

export const maintainerRule: InstructionRule = {
  keyword: "MAINTAINER",
  flags: [],
  heredocs: false,
  check: needsArgument,
  apply: ({ instruction, stage }) => {
    stage.author = instruction.rest;
    stage.note(`MAINTAINER ${instruction.rest}`);
  },
};

export const onbuildRule: InstructionRule = {
  keyword: "ONBUILD",
  flags: [],
  heredocs: false,
  check: (instruction) => {
    needsArgument(instruction);
    const trigger = /^\S+/.exec(instruction.rest)?.[0].toUpperCase() ?? "";
    if (["ONBUILD", "FROM", "MAINTAINER"].includes(trigger))
      throw invalid(instruction, `${trigger} is not allowed as a trigger`);
  },
  apply: ({ instruction, stage }) => {
    const bodies = instruction.heredocs.map(({ raw, name }) => `\n${raw}${name}`).join("");
    const earlier = Array.isArray(stage.process.OnBuild) ? stage.process.OnBuild : [];
    stage.process.OnBuild = [...earlier, instruction.rest + bodies];
    stage.note(`ONBUILD ${instruction.rest}`);
  },
};
