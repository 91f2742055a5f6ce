const jose = require('jose');
const { promisify } = require('util');
const key = { kty: 'oct', k: 'AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA' };
const one = jose.createJWSHeader(key, 'HS256');
one.setProtected({ kid: 'one' });
one.setUnprotected('note', 'open');
const two = jose.createJWSHeader(key);
two.setProtected('alg', 'HS512');
const sign = (form, ...headers) => new Promise((resolve, reject) => jose.createJWSSigner(...headers).update(Buffer.from('signed')).sign(form, (error, made) => error ? reject(error) : resolve(made)));
const validate = (parsed) => new Promise((resolve) => jose.createJWSVerifier(parsed).validate((error) => resolve(error ? error.errorMessage : 'holds')));
(async () => {
  const done = { header: [one.get('alg'), one.getProtected('kid'), one.getUnprotected('note'), one.getJOSEHeader()] };
  const general = await sign('json', one, two);
  const flat = await sign('json_flat', one);
  done.forms = [typeof general, Object.keys(typeof general === 'string' ? JSON.parse(general) : general).sort(), Object.keys(typeof flat === 'string' ? JSON.parse(flat) : flat).sort()];
  for (const [name, token] of Object.entries({ general, flat })) {
    const parsed = jose.parse(token);
    const none = await validate(parsed);
    for (const signature of parsed.getSignatures()) signature.setKey(key);
    done[name] = [none, await validate(parsed), String(parsed.getPayload()), parsed.getSignatures().map((each) => each.get('alg'))];
  }
  done.compact = await sign('compact', one).catch((error) => error.errorMessage);
  const header = jose.createJWEHeader('A128CBC-HS256');
  header.addRecipient(key, 'A256KW', { kid: 'one' });
  header.addRecipient({ kty: 'oct', k: 'AQIDBAUGBwgJCgsMDQ4PEA' }, 'A128KW', { kid: 'two' });
  const sealed = await new Promise((resolve, reject) => jose.createJWEEncrypter(header).update('secret').encrypt('json', (error, made) => error ? reject(error) : resolve(made)));
  const parsed = jose.parse(sealed);
  for (const recipient of parsed.getRecipients()) if (recipient.get('kid') === 'two') recipient.setKey({ kty: 'oct', k: 'AQIDBAUGBwgJCgsMDQ4PEA' });
  done.opened = await new Promise((resolve) => jose.createJWEDecrypter(parsed).decrypt((error, plain) => resolve(error ? error.errorMessage : String(plain))));
  session.output.write(done);
})().catch((error) => session.reject(error.stack));
