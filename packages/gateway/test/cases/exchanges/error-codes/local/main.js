const sm = require('service-metadata');
if (sm.URI === '/reject') session.reject('not today');
else if (sm.URI === '/throw') throw new Error('by itself');
else if (sm.URI === '/backend') sm.setVar('var://service/routing-url', 'http://127.0.0.1:1/');
session.output.write('x');
