const sm = require('service-metadata');
session.output.write(`${sm.errorCode} ${sm.errorMessage}`);
