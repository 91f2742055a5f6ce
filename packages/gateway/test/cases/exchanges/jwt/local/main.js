const jose = require('jose');
const jwt = require('jwt');
const secret = Buffer.alloc(32, 1);
const claims = { iss: 'ibm', aud: ['datapower', 'gatewayscript'], exp: Math.floor(Date.now() / 1000) + 3600 };
const out = {};
const expected = ['nested', 'unverified', 'audience', 'missing', 'expired', 'early', 'wrong key', 'encrypted', 'no operation', 'not a token'];
const note = (name, value) => { out[name] = value; if (expected.every((each) => each in out)) session.output.write(expected.map((each) => [each, out[each]])); };
const sign = () => jose.createJWSHeader(secret, 'HS256');
const encrypt = () => jose.createJWEHeader('A128CBC-HS256').setProtected('alg', 'dir').setKey(secret);
new jwt.Encoder(claims).addOperation('sign', sign()).addOperation('encrypt', encrypt().setProtected('cty', 'JWT')).encode((error, token) => {
  new jwt.Decoder(token).addOperation('decrypt', secret).addOperation('verify', secret).addOperation('validate', { aud: 'datapower', iss: /^ib/ })
    .decode((error, found) => note('nested', error ? error.errorMessage : [token.split('.').length, found.iss, found.aud]));
  new jwt.Decoder(token).decode((error) => note('encrypted', error.errorMessage));
});
const check = (name, own, key, expected) => new jwt.Encoder(own).addOperation('sign', sign()).encode((error, token) => {
  new jwt.Decoder(Buffer.from(token)).addOperation('verify', key).addOperation('validate', expected).decode((error, found) => note(name, error ? error.errorMessage : found));
});
check('audience', claims, secret, { aud: 'another' });
check('missing', claims, secret, { sub: 'x' });
check('expired', { exp: 1000 }, secret);
check('early', { nbf: Date.now() }, secret);
check('wrong key', claims, Buffer.alloc(32, 2));
new jwt.Encoder({ a: 1 }).addOperation('sign', sign()).encode((error, token) => new jwt.Decoder(token).decode((error, found) => note('unverified', found)));
new jwt.Encoder({ a: 1 }).encode((error) => note('no operation', error.errorMessage));
new jwt.Decoder('abc').addOperation('verify', secret).decode((error) => note('not a token', error.errorMessage));
