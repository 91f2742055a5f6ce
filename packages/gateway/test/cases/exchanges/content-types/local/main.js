const hm = require('header-metadata');
const sm = require('service-metadata');
switch (sm.URI) {
  case '/object': session.output.write({ a: 1 }); break;
  case '/string': session.output.write('text'); break;
  case '/buffer': session.output.write(Buffer.from('bytes')); break;
  case '/current': hm.current.set('Content-Type', 'text/html'); session.output.write('<p>'); break;
  case '/response':
    hm.current.set('Content-Type', 'text/html');
    hm.response.set('Content-Type', 'text/csv');
    session.output.write('a,b');
    break;
}
