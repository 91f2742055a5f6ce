// Answers every request with its own method and URI.
const sm = require('service-metadata');

const method = sm.getVar('var://service/protocol-method');
const uri = sm.getVar('var://service/URI');

session.output.write({ method, uri });
