const sm = require('service-metadata');
const n = Number(sm.getVar('var://system/once/n') || 0) + 1;
sm.setVar('var://system/once/n', n);
session.output.write(String(n));
