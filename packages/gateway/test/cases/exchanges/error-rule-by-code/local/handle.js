require('header-metadata').response.set('Content-Type', 'text/plain');
session.output.write('handled');
