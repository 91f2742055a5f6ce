import type { Configuration } from "../config/model.ts";
import type { Log } from "../log.ts";

/** Writes the start-up sequence of the configuration: stages, problems with their place, domains. */
export function logConfiguration(configuration: Configuration, log: Log): void {
  const stage = (code: string, text: string): void =>
    log({ code, category: "system", priority: "notice", text });
  stage("8040006b", "Logging started");
  stage("8100006f", "Executing startup configuration");
  for (const problem of configuration.problems) {
    const { file, line } = problem.origin;
    const priority =
      problem.severity === "error" ? "error" : problem.severity === "warning" ? "warn" : "notice";
    const where = `${file}:${line}`;
    const text = `${where}: ${problem.object === undefined ? "" : `${problem.object}: `}${problem.fault === undefined ? "" : `${problem.fault.code}: `}${problem.message}`;
    log({ domain: problem.domain, code: "8100003c", category: "mgmt", priority, text });
  }
  stage("8100006d", "Executing startup configuration: objects");
  for (const domain of configuration.domains.values()) {
    const object = { kind: "domain", name: domain.name };
    const configured = domain.whole;
    const text = configured
      ? "Domain configured successfully"
      : "Domain is not configured: its files could not be read whole";
    log({
      domain: domain.name,
      code: configured ? "8100003b" : "8100003c",
      category: "mgmt",
      priority: configured ? "notice" : "error",
      object,
      text,
    });
    if (configured) {
      const up = "Domain operational state is up";
      log({
        domain: domain.name,
        code: "8100006b",
        category: "mgmt",
        priority: "notice",
        object,
        text: up,
      });
    }
  }
  stage("8100006e", "Startup configuration completed");
}
