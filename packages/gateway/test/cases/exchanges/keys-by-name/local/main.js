const jose = require('jose');
const jwt = require('jwt');
const crypto = require('crypto');
const thrown = (action) => { try { return action(); } catch (error) { return error.message; } };
const claims = { iss: 'ibm', exp: Math.floor(Date.now() / 1000) + 60 };
const header = jose.createJWEHeader('A128GCM').setProtected('alg', 'RSA-OAEP').setKey('name:alice');
new jwt.Encoder(claims).addOperation('sign', jose.createJWSHeader('alice', 'RS256')).addOperation('encrypt', header).encode((error, token) => {
  if (error) throw error;
  new jwt.Decoder(token).addOperation('decrypt', 'alice').addOperation('verify', 'alice').addOperation('validate', { iss: 'ibm' }).decode((error, found) => {
    new jwt.Decoder(token).addOperation('decrypt', 'alice').addOperation('verify', 'secret').decode((wrong) => {
      session.output.write({
        claims: error ? error.errorMessage : found.iss,
        wrong: wrong.errorMessage,
        hmac: [crypto.createHmac('sha256', 'secret').update('x').digest('hex') === crypto.createHmac('sha256', Buffer.from('00112233445566778899aabbccddeeff', 'hex')).update('x').digest('hex'), crypto.createHmac('sha256', 'words').update('x').digest('hex') === crypto.createHmac('sha256', 'some words').update('x').digest('hex')],
        signed: crypto.createVerify('sha256').update('x').verify('alice', crypto.createSign('sha256').update('x').sign('alice')),
        none: thrown(() => crypto.createSign('sha256').update('x').sign('secret')),
      });
    });
  });
});
