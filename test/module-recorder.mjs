// `node --import` of this file: when the process event RECORD_AT comes, writes the address of all that was loaded to the file RECORD.
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

const urls = new Set();
registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context);
    urls.add(resolved.url);
    return resolved;
  },
});
process.once(process.env.RECORD_AT, () =>
  writeFileSync(process.env.RECORD, JSON.stringify([...urls])),
);
