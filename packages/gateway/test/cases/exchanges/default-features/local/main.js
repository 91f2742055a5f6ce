const sm = require('service-metadata');
session.output.write({ method: sm.getVar('var://service/protocol-method'), uri: sm.getVar('var://service/URI') });
