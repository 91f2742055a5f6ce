const sm = require('service-metadata');
const seen = {};
for (const name of ['error-code', 'error-subcode', 'error-message', 'error-headers', 'error-ignore', 'formatted-error-message', 'transaction-rule-name', 'transaction-rule-type', 'strict-error-mode', 'soap-fault-response']) {
  seen[name] = sm.getVar(`var://service/${name}`);
}
sm.setVar('var://service/error-code', '0x12345678');
seen.changed = sm.errorCode;
session.output.write(seen);
