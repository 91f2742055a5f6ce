const hm = require('header-metadata');
hm.response.set('X-Internal', 'secret');
if (require('service-metadata').URI !== '/') session.reject('no such thing');
else session.output.write('fine');
