const sm = require('service-metadata');
const after = sm.getVar('var://service/multistep/loop-count');
session.output.write(`${sm.getVar('var://context/a/all')}after: ${after}`);
