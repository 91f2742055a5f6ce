const crypto = require('crypto');
const keys = require('./keys.js');
const thrown = (action) => { try { return action(); } catch (error) { return `${error.name}: ${error.message}`; } };
const sign = crypto.createSign('RSA-SHA256').update('some ').update('text');
const signature = sign.sign(keys.private);
const round = (name, size, iv) => {
  const key = Buffer.alloc(size, 1);
  const cipher = crypto.createCipheriv(name, key, iv && Buffer.alloc(iv, 2));
  const parts = [cipher.update('the plaintext of ', 'utf8'), cipher.update(Buffer.from('some length')), cipher.final()];
  const gcm = /gcm/.test(name);
  const decipher = crypto.createDecipheriv(name, key, iv && Buffer.alloc(iv, 2));
  if (gcm) decipher.setAuthTag(cipher.getAuthTag());
  return [Buffer.concat(parts).toString('hex'), decipher.update(Buffer.concat(parts), undefined, 'utf8') + decipher.final('utf8')];
};
session.output.write({
  sha256: crypto.createHash('sha256').update('a').update(Buffer.from('bc')).digest('hex'),
  buffer: crypto.createHash('md5').update('').digest().toString('base64'),
  hmac: crypto.createHmac('sha512', 'key').update('text').digest('base64'),
  hmacBytes: crypto.createHmac('hmac-sha1', Buffer.from('key')).update('text').digest('hex'),
  verified: [
    crypto.createVerify('RSA-SHA256').update('some text').verify(keys.public, signature),
    crypto.createVerify('sha256').update('other text').verify(keys.public, signature),
    crypto.createVerify('sha256').update('some text').verify({ key: keys.public, padding: crypto.constants.RSA_PKCS1_PSS_PADDING }, crypto.createSign('sha256').update('some text').sign({ key: keys.private, padding: 6 }, 'hex'), 'hex'),
  ],
  cbc: round('aes256-cbc', 32, 16),
  openssl: round('aes-128-cbc', 16, 16),
  gcm: round('aes-256-gcm', 32, 12),
  triple: round('tripledes-cbc', 24, 8),
  random: [crypto.randomBytes(8).length, crypto.randomBytes(8).equals(crypto.randomBytes(8))],
  same: [crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('a')), thrown(() => crypto.timingSafeEqual(Buffer.from('a'), Buffer.from('ab')))],
  names: [crypto.getHashes().includes('sha256'), crypto.getCiphers().includes('aes-128-cbc')],
  thrown: [() => crypto.createHash('none').digest(), () => { const h = crypto.createHash('sha1'); h.digest(); h.update('x'); }, () => crypto.createSign('sha256').update('x').sign('Nobody'), () => crypto.createVerify('sha256').update('x').verify('name:Nobody', signature), () => crypto.randomBytes(1e9), () => crypto.createCipheriv('aes-128-cbc', Buffer.alloc(3), Buffer.alloc(16)), () => crypto.createHash('sha1').update(5)].map(thrown),
});
