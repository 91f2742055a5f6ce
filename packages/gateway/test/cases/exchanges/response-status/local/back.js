const hm = require('header-metadata');
const seen = [hm.response.statusCode, hm.response.reasonPhrase, hm.current.statusCode, hm.original.statusCode];
hm.response.statusCode = '203 Looked At';
seen.push(hm.response.statusCode, hm.response.reasonPhrase, hm.original.statusCode);
for (const status of ['99', 'abc', 600, '200\r\nX: y']) { try { hm.response.statusCode = status; seen.push('set'); } catch (error) { seen.push(error.name); } }
try { hm.original.statusCode = 200; } catch (error) { seen.push(error.message); }
session.output.write(seen);
