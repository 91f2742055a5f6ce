// Marks every object that it can reach and change; the next transaction must find no mark.
const names = ['assert', 'console', 'crypto', 'fs', 'header-metadata', 'jose', 'jwt', 'multistep', 'punycode', 'querystring', 'ratelimit', 'service-metadata', 'sprintf', 'transform', 'url', 'urlopen', 'util'];
const modules = Object.fromEntries(names.map((name) => [name, require(name)]));
const dom = XML.parse('<a b="c"><!--x--><d/>text<![CDATA[y]]><?p i?></a>');
const error = (action) => { try { action(); return undefined; } catch (caught) { return caught; } };
const deep = () => { const again = () => { console.debug('%j', {}); again(); }; return error(again); };
const jose = modules.jose;
const samples = {
  session, console, require, module, exports, modules, dom, Buffer, Buffers, XML, converter, script, Node, timers: [setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate, setTimeout(() => {}, 1)], globalThis,
  nodes: [dom, dom.documentElement, dom.documentElement.attributes, dom.documentElement.childNodes, ...Array.from({ length: 5 }, (_, n) => dom.documentElement.childNodes.item(n)), dom.getElementsByTagName('d'), dom.implementation, dom.createDocumentFragment()],
  buffers: [Buffer.from('a'), new Buffer('b'), Buffer.alloc(1).slice(0), new Buffers(), Buffer.from('x').toJSON()],
  errors: [deep(), error(() => XML.parse('<')), error(() => JSON.parse('{')), error(() => require('nowhere')), error(() => null.x), error(() => modules['header-metadata'].original.set('a', 'b')), error(() => modules.crypto.createHash('none').digest()), error(() => modules.jose.parse('x')), error(() => modules.assert(false)), error(() => decodeURIComponent('%')), error(() => new Array(-1)), error(() => 'x'.repeat(2 ** 31)), error(() => session.output.write(undefined)), error(() => dom.appendChild(dom)), error(() => BigInt('x')), error(() => new RegExp('(')), error(() => Symbol() + ''), error(() => eval('1')), error(() => new Function('return 1')())],
  made: [modules.crypto.createHash('sha256'), modules.crypto.createHmac('sha256', 'k'), modules.crypto.createSign('sha256'), modules.crypto.createCipheriv('aes-128-cbc', Buffer.alloc(16), Buffer.alloc(16)), jose.createJWSHeader('a'), jose.createJWEHeader('a'), jose.createJWSSigner(jose.createJWSHeader('a')), jose.parse('e30.e30.e30'), new modules.jwt.Encoder({}), new modules.jwt.Decoder('x'), modules.ratelimit.rateCreate('marks', 1, 1), modules.url.parse('http://a/b?c'), modules.querystring.parse('a=b'), modules['service-metadata'].list(), modules['header-metadata'].current.headers, modules['header-metadata'].current, session.createContext('c'), console.options({ category: 'x' }), modules.util.promisify(() => 0), modules.util.promisify(setTimeout), new modules.urlopen.HttpUserAgent({})],
  hidden: [(function () { return arguments; })(1), (() => 0)[Symbol.hasInstance], ((s, ...v) => s)`a${1}b`, [][Symbol.iterator](), new Map().entries(), 'x'.matchAll(/x/g), new Intl.Segmenter().segment('x'), new Intl.NumberFormat(), Promise.resolve(1), (async function* () {})(), (function* () {})(), new Proxy({}, {}), /x/.exec('x'), Object.getOwnPropertyDescriptor(Map, Symbol.species).get, new WeakRef({}), Iterator.from([]), new Date(), Reflect, new Set([1]).union(new Set()), Symbol.prototype, new DataView(new ArrayBuffer(1)), [1].toSorted(), structuredCloneOrNot()],
};
function structuredCloneOrNot() { return typeof structuredClone; }
const mark = Symbol.for('mark');
const seen = new Set();
const paths = [];
const found = [];
const waiting = [[samples, 'samples']];
for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
  const [value, path] = next;
  if ((typeof value !== 'object' || value === null) && typeof value !== 'function') continue;
  if (seen.has(value)) continue;
  seen.add(value);
  paths.push([value, path]);
  if (Reflect.getOwnPropertyDescriptor(value, mark)) found.push(path);
  else try { Reflect.defineProperty(value, mark, { value: 1 }); } catch {}
  waiting.push([Reflect.getPrototypeOf(value), `${path}.__proto__`]);
  for (const key of Reflect.ownKeys(value)) {
    const property = Reflect.getOwnPropertyDescriptor(value, key);
    if (property === undefined) continue;
    const at = `${path}.${String(key)}`;
    waiting.push([property.value, at], [property.get, `${at} (get)`], [property.set, `${at} (set)`]);
    if (property.get) { try { waiting.push([Reflect.get(value, key), at]); } catch (caught) { waiting.push([caught, `${at} (thrown)`]); } }
  }
}
// everything that is not of this realm would lead out of it
const foreign = paths.filter(([value]) => !(value instanceof Object) && Reflect.getPrototypeOf(value) !== null && value !== Object.prototype && value !== Reflect.getPrototypeOf(globalThis)).map(([, path]) => path);
const late = [];
const look = (where) => (...values) => { for (const each of values) if (typeof each === 'object' && each !== null && !(each instanceof Object)) late.push(where); if (new.target !== undefined) late.push('target'); };
session.input.readAsJSON(look('json'));
session.input.readAsXML(look('xml'));
session.input.readAsBuffers(look('buffers'));
modules.urlopen.open('local:///nothing', look('urlopen'));
modules.urlopen.open('http://127.0.0.1:1/', look('refused'));
modules.fs.readFile('temporary:///nothing', look('fs'));
modules.transform.xpath('(', dom, look('xpath'));
modules.multistep.callRule('none', 'a', 'b', look('rule'));
jose.createJWSSigner(jose.createJWSHeader('a', 'RS256')).update('x').sign(look('jose'));
Promise.resolve().then(() => settle());
let rounds = 0;
function settle() {
  // the callbacks that are pending come first
  if (rounds++ < 5) { session.input.readAsBuffer(settle); return; }
  session.output.write({ found, foreign, many: seen.size > 2000, late });
}
