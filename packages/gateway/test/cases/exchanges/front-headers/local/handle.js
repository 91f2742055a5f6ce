require('header-metadata').response.set('X-Internal', 'secret');
session.output.write('handled');
