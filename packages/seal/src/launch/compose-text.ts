import type { Said } from "./launch.ts";
import type { YamlField } from "./yaml-field.ts";

/** A text or number that decides: without variables, whose values only compose knows. Throws Fault LAUNCH_INVALID. */
export function composeText(field: YamlField): Said<string> {
  const text = field.word();
  if (/(?<!\$)\$(?:\$\$)*(?!\$)/u.test(text)) {
    throw field.wrong(
      `${field.name} takes variables in`,
      "Audit what `docker compose config` prints: there they have their values.",
    );
  }
  return { value: text.replaceAll("$$", "$"), place: field.place };
}

/** A list of them; none where the key is not there. */
export function composeTexts(field: YamlField | undefined): readonly Said<string>[] {
  return (field?.items() ?? []).map(composeText);
}
