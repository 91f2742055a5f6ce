var hm = require('header-metadata');
// on the way back the headers of the answer begin as those of the backend
var seen = [hm.response.get('X-Kept'), hm.response.headers['X-Gone'], hm.response.get('X-None')];
hm.response.remove('x-gone');
hm.current.remove('X-Gone-Too');
hm.response.set('X-Changed', 'by the script');
seen.push(hm.response.get('X-Gone'), hm.response.get('X-Changed'), hm.response.headers['X-Changed']);
session.output.write(JSON.stringify(seen.map(String)));
