const sm = require('service-metadata');
session.output.write(['error-code', 'error-subcode', 'error-message'].map((name) => sm.getVar(`var://service/${name}`)).join(' '));
