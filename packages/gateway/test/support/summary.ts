import type { Configuration } from "../../src/config/model.ts";
import { obstacleText, type PlannedService } from "../../src/plan/service-plan.ts";

/** A configuration and its services as lines of text: what the case folders keep as expected.txt. */
export function summary(configuration: Configuration, services: readonly PlannedService[]): string {
  const lines: string[] = [];
  for (const domain of configuration.domains.values()) {
    lines.push(`domain ${domain.name} ${domain.whole ? "whole" : "broken"}`);
    for (const object of domain.objects.values()) {
      const state = object.enabled ? "" : " disabled";
      const set = object.lines.map((line) => (line.negated ? `no ${line.name}` : line.name));
      lines.push(
        `  ${object.alias} ${JSON.stringify(object.name)} ${object.origin.file}:${object.origin.line}${state} [${set.join(", ")}]`,
      );
    }
    for (const skipped of domain.skipped) {
      lines.push(`  skipped ${skipped.firstLine}-${skipped.lastLine} ${skipped.condition}`);
    }
  }
  for (const { severity, domain, origin, object, message, fault } of configuration.problems) {
    const where = `${origin.file}:${origin.line}`;
    lines.push(`${severity} ${fault?.code ?? ""} ${domain} ${where} ${object ?? ""} | ${message}`);
  }
  for (const service of services) {
    if (service.state === "ready") {
      const { plan } = service;
      const rules = plan.policy.map(({ matching, rule }) => {
        const actions = rule.actions.map((action) => `${action.type}(${action.name})`);
        return `${matching}→${rule.name}: ${actions.join(" ")}`;
      });
      lines.push(`ready ${plan.domain} ${plan.name}: ${rules.join("; ")}`);
    } else {
      lines.push(`${service.state} ${service.domain} ${service.name}`);
      if (service.state === "down") {
        lines.push(...service.obstacles.map((obstacle) => `  ${obstacleText(obstacle)}`));
      }
    }
  }
  return `${lines.join("\n")}\n`;
}
