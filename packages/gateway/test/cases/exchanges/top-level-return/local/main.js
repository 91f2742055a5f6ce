const sm = require('service-metadata');
if (sm.URI === '/early') {
  session.output.write('early');
  return;
}
session.output.write('late');
