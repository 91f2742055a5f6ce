const sm = require('service-metadata');
const at = (name) => sm.getVar(`var://service/multistep/${name}`);
const before = sm.getVar('var://context/a/all') || '';
sm.setVar('var://context/a/all', `${before}${at('loop-count')}: ${at('loop-iterator')}\n`);
if (at('loop-iterator').includes('stop')) session.reject('stopped');
