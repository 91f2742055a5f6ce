const hm = require('header-metadata');
hm.response.set('X-One', 'a');
hm.response.set('X-Two', ['b', 'c']);
hm.response.set('X-Gone', 'd');
hm.response.remove('x-gone');
hm.response.statusCode = '201 Made Here';
let refused;
try { hm.original.set('A', 'b'); } catch (error) { refused = error.message; }
session.output.write({
  asked: hm.current.get('x-ASKED'),
  original: hm.original.get({ type: 'http' }, 'X-Asked'),
  ip: hm.current.get('X-Client-IP'),
  via: /^1\.1 \S{10}$/.test(hm.current.get('Via')),
  id: /^[0-9a-f]{24}$/.test(hm.current.get('X-Global-Transaction-ID')),
  names: Object.keys(hm.original.headers),
  refused,
});
