const thrown = (action) => { try { return action(); } catch (error) { return `${error.name}: ${error.message}`; } };
const a = require('./a.js');
session.output.write({
  cycle: [a.name, a.b.name, a.b.sawOfA],
  same: [require('a') === a, require('local:///a.js') === a, require('local:a') === a, require('./a') === a, require('dir/c').counter === require('local:///dir/c.js').counter],
  counter: [++require('dir/c').counter, ++require('./dir/c.js').counter],
  json: [require('./data').value, require('./data.json') === require('data')],
  exportsReplaced: require('dir/c').up,
  builtin: [require('util') === require('util.js'), require('header-metadata.js') === require('header-metadata')],
  failed: [thrown(() => require('./broken')), thrown(() => require('./broken')), thrown(() => require('./syntax')).slice(0, 11), thrown(() => require('none')), thrown(() => require('../../../etc/passwd')), thrown(() => require('./bad.json')).slice(0, 11), thrown(() => require()), thrown(() => require('apim' + '')), thrown(() => require('jwk' + ''))],
});
