const jose = require('jose');
const secret = Buffer.from('0123456789abcdef0123456789abcdef');
const rsa = require('./keys.json').rsa;
const ec = require('./keys.json').ec;
const out = {};
const note = (name, value) => { out[name] = value; if (Object.keys(out).length === 6) session.output.write(Object.keys(out).sort().map((each) => [each, out[each]])); };
const header = jose.createJWSHeader(secret, 'HS256').setProtected('kid', 'kid1').setProtected({ typ: 'JWT' });
jose.createJWSSigner(header).update('verification ').update(Buffer.from('succeeds')).sign('compact', (error, compact) => {
  const parsed = jose.parse(compact);
  const [signature] = parsed.getSignatures();
  signature.setKey(secret);
  jose.createJWSVerifier(parsed).validate((error) => {
    note('compact', [compact, error === undefined, parsed.getPayload().toString(), signature.get('kid'), signature.getProtected(), signature.getUnprotected('kid') === undefined]);
  });
  const tampered = jose.parse(compact.replace(/\.[^.]*\./, '.' + Buffer.from('other').toString('base64') .replace(/=/g, '') + '.')).setKey(secret);
  jose.createJWSVerifier(tampered).validate((error) => note('tampered', [error.errorCode, error.errorMessage]));
  jose.createJWSVerifier(jose.parse(compact)).validate((error) => note('without key', error.errorMessage));
});
const one = jose.createJWSHeader(rsa, 'PS256').setProtected('kid', 'rsa');
const two = jose.createJWSHeader(ec).setProtected('alg', 'ES256').setUnprotected('kid', 'ec');
jose.createJWSSigner(one, two).update('several').sign('json', (error, json) => {
  if (error) throw error;
  const parsed = jose.parse(json);
  for (const each of parsed.getSignatures()) each.setKey(each.get('kid') === 'rsa' ? rsa : ec);
  jose.createJWSVerifier(parsed).validate((error) => note('json', [error === undefined, json.signatures.length, json.signatures[1].header, parsed.getPayload().toString()]));
});
jose.createJWSSigner(jose.createJWSHeader('Nobody', 'RS256')).update('x').sign((error) => note('no key', error.errorMessage));
const thrown = [() => jose.parse('a.b'), () => jose.parse({}), () => jose.createJWSSigner(), () => jose.parse('!.x.y'), () => jose.createJWSHeader('a').setProtected(''), () => jose.createJWSVerifier({})];
note('thrown', thrown.map((action) => { try { action(); return 'none'; } catch (error) { return error.errorMessage; } }));
