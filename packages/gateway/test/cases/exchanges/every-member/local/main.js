// every member that public scripts and documentation name, where it is found
const members = {
  session: [session, 'input output INPUT name createContext parameters reject accept'],
  context: [session.input, 'readAsBuffer readAsBuffers readAsJSON readAsXML write getVar setVar deleteVar'],
  console: [console, 'log debug trace info notice warn error critical alert emerg options'],
  XML: [XML, 'parse stringify'],
  converter: [converter, 'toJSON'],
  script: [script, 'defaults'],
  Node: [Node, 'ELEMENT_NODE ATTRIBUTE_NODE TEXT_NODE CDATA_SECTION_NODE COMMENT_NODE DOCUMENT_NODE'],
  globals: [globalThis, 'Buffer Buffers setTimeout setInterval setImmediate clearTimeout clearInterval clearImmediate'],
  module: [module, 'exports'],
  'header-metadata': [require('header-metadata'), 'original current response'],
  headers: [require('header-metadata').current, 'get set remove headers statusCode reasonPhrase'],
  'service-metadata': [require('service-metadata'), 'getVar setVar list mpgw URI URLIn URLOut routingUrl routingUrlSslprofile protocolMethod domainName errorCode errorSubcode errorMessage errorProtocolResponse errorProtocolReasonPhrase transactionId transactionClient clientServiceAddress originalContentType processorName'],
  mpgw: [require('service-metadata').mpgw, 'skipBackside backendTimeout requestSize responseSize'],
  urlopen: [require('urlopen'), 'open UserAgent HttpUserAgent'],
  fs: [require('fs'), 'exists readFile readAsJSON readAsBuffer readAsXML writeFile unlink temporary'],
  transform: [require('transform'), 'xpath xslt'],
  jose: [require('jose'), 'createJWSHeader createJWSSigner createJWSVerifier createJWEHeader createJWEEncrypter createJWEDecrypter parse'],
  'JWS header': [require('jose').createJWSHeader('k', 'HS256'), 'setProtected getProtected setUnprotected getUnprotected get getJOSEHeader setKey'],
  'JWE header': [require('jose').createJWEHeader('A128GCM'), 'setProtected getProtected setUnprotected getUnprotected addRecipient setKey'],
  'parsed JWS': [require('jose').parse('e30.e30.e30'), 'getSignatures getPayload'],
  'parsed JWE': [require('jose').parse('e30.e30.e30.e30.e30'), 'setDirectKey setKey getRecipients'],
  jwt: [require('jwt'), 'Encoder Decoder'],
  encoder: [new (require('jwt').Encoder)({}), 'addOperation encode'],
  decoder: [new (require('jwt').Decoder)('a.b.c'), 'addOperation decode'],
  ratelimit: [require('ratelimit'), 'rateCreate tokenbucketCreate countCreate concurrentCreate'],
  rate: [require('ratelimit').rateCreate('members', 1, 1), 'remove reset remaining'],
  count: [require('ratelimit').countCreate('members'), 'add sub count reset'],
  multistep: [require('multistep'), 'callRule'],
  util: [require('util'), 'format inspect promisify safeTypeOf'],
  assert: [require('assert'), 'ok equal notEqual strictEqual deepEqual throws'],
  crypto: [require('crypto'), 'createHash createHmac createSign createVerify createCipheriv createDecipheriv randomBytes'],
  querystring: [require('querystring'), 'parse stringify escape unescape'],
  url: [require('url'), 'parse format resolve'],
  punycode: [require('punycode'), 'encode decode toASCII toUnicode'],
  sprintf: [require('sprintf'), 'sprintf'],
};
const missing = [];
for (const [name, [holder, list]] of Object.entries(members)) {
  for (const member of list.split(' ')) if (!(member in holder)) missing.push(`${name}.${member}`);
}
// what a script must not find
const absent = ['process', 'global', 'eval', 'Function', 'WebAssembly', 'SharedArrayBuffer', 'Atomics'].filter((name) => {
  try { return new Function(`return typeof ${name}`)() !== 'undefined'; } catch { return false; }
});
session.output.write({ missing, absent, process: typeof process });
