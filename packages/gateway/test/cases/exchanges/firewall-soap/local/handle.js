const sm = require('service-metadata');
session.output.write({ code: sm.errorCode, message: sm.errorMessage });
