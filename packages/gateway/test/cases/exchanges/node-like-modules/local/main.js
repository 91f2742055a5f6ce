const util = require('util');
const url = require('url');
const querystring = require('querystring');
const crypto = require('crypto');
const assert = require('assert');
assert.deepStrictEqual({ a: [1] }, { a: [1] });
let failed;
try { assert.equal(1, 2); } catch (error) { failed = error.name; }
session.output.write({
  format: util.format('%s-%d-%j', 'a', 2, { b: 3 }),
  type: util.safeTypeOf([]),
  path: url.parse('http://h/p?q=1').pathname,
  query: querystring.parse('a=1&b=2'),
  hash: crypto.createHash('sha256').update('abc').digest('hex').slice(0, 8),
  hmac: crypto.createHmac('sha256', 'k').update('abc').digest('base64').slice(0, 8),
  failed,
});
