const hm = require('header-metadata');
hm.response.statusCode = '404 Not Found';
session.output.write({ error: 'there is no such thing' });
