const jose = require('jose');
const keys = require('./keys.json');
const secrets = { A128KW: 16, A192KW: 24, A256KW: 32 };
const dir = { 'A128CBC-HS256': 32, 'A192CBC-HS384': 48, 'A256CBC-HS512': 64, A128GCM: 16, A192GCM: 24, A256GCM: 32 };
const out = {};
let open = 0;
const begin = () => { open++; return (name, value) => { out[name] = value; if (--open === 0) session.output.write(Object.keys(out).sort().map((each) => [each, out[each]])); }; };
const round = (name, key, own, alg, enc) => {
  const note = begin();
  const header = jose.createJWEHeader(enc).setProtected('alg', alg).setKey(key);
  jose.createJWEEncrypter(header).update('the plaintext').encrypt('compact', (error, compact) => {
    if (error) { note(name, error.errorMessage); return; }
    const parsed = jose.parse(compact);
    if (alg === 'dir') parsed.setDirectKey(own); else parsed.setKey(own);
    jose.createJWEDecrypter(parsed).decrypt((error, plaintext) => note(name, error ? error.errorMessage : [compact.split('.').length, parsed.get('alg'), plaintext.toString()]));
  });
};
for (const [alg, size] of Object.entries(secrets)) round(alg, Buffer.alloc(size, 7), Buffer.alloc(size, 7), alg, 'A128CBC-HS256');
for (const [enc, size] of Object.entries(dir)) round(enc, Buffer.alloc(size, 7), Buffer.alloc(size, 7), 'dir', enc);
for (const alg of ['RSA1_5', 'RSA-OAEP', 'RSA-OAEP-256']) round(alg, keys.rsa, keys.rsa, alg, 'A256GCM');
round('wrong key', keys.rsa, keys.other, 'RSA1_5', 'A128CBC-HS256');
round('wrong key again', keys.rsa, keys.other, 'RSA-OAEP', 'A128CBC-HS256');
round('not served', Buffer.alloc(16), Buffer.alloc(16), 'PBES2-HS256+A128KW', 'A128GCM');
const bob = Buffer.from([25, 172, 32, 130, 225, 114, 26, 181, 138, 106, 254, 192, 95, 133, 74, 82]);
const header = jose.createJWEHeader('A128CBC-HS256').setProtected({ exp: '9999' }).setProtected('crit', ['exp', 'mykid']);
header.addRecipient(keys.rsa, 'RSA1_5', { mykid: 'Alice' });
header.addRecipient(bob, 'A128KW', { mykid: 'Bob' });
for (const who of ['Alice', 'Bob']) {
  const note = begin();
  jose.createJWEEncrypter(header).update('to both').encrypt('json', (error, json) => {
    const parsed = jose.parse(json);
    for (const each of parsed.getRecipients()) if (each.get('mykid') === who) each.setKey(who === 'Bob' ? bob : keys.rsa);
    jose.createJWEDecrypter(parsed).decrypt((error, plaintext) => note(who, error ? error.errorMessage : [plaintext.toString(), parsed.getRecipients().map((each) => each.get('alg')), parsed.getProtected('exp')]));
  });
}
