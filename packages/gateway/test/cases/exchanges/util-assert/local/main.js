const util = require('util');
const assert = require('assert');
const sprintf = require('sprintf');
const thrown = (action) => { try { action(); return 'none'; } catch (error) { return [error.name, error.message, error.code]; } };
class Own { constructor() { this.a = 1; } }
session.output.write({
  format: [util.format('%s is %d%%', 'it', 42), util.format('%j %i', { a: [1] }, '7.9'), util.format('a', 'b', { c: 1 }), util.format('%o %x %b %c %e %f %u', 8, 255, 5, 65, 12345, 1.5, -1), util.format('%2$s %1$s', 'a', 'b'), util.format('%s'), util.format('%%s'), util.format(1, '2')],
  inspect: [util.inspect({ d: new Date(0), r: /x/g, m: new Map([["a", { b: 1 }]]), s: new Set([1]), n: null, u: undefined, f: function named() {}, c: class Klass {}, get g() { return 1; } }), util.inspect(Object.assign([1, 2], { x: 1 })), (() => { const self = { a: 1 }; self.self = self; return util.inspect(self); })(), util.inspect(new TypeError("of realm")).split("\n")[0], util.inspect({ a: { b: { c: { d: 1 } } } }), util.inspect({ a: { b: { c: { d: 1 } } } }, { depth: 0 }), util.inspect([1, 'x', null]), util.inspect(new Own()), util.inspect(Buffer.from('ab'))],
  types: [1, 'a', null, undefined, [], {}, Buffer.from(''), new Buffers(), new Error('x'), new Date(0), /x/, () => 0, XML.parse('<a/>'), XML.parse('<a/>').documentElement, XML.parse('<a/>').childNodes].map(util.safeTypeOf),
  is: [util.isArray([]), util.isDate(new Date()), util.isRegExp('x'), util.isDeepStrictEqual({ a: [1] }, { a: [1] })],
  sprintf: [sprintf('%s-%d', 'a', 1), sprintf.sprintf('%x', 16), sprintf.vsprintf('%s %s', ['a', 'b'])],
  assert: [() => assert(1), () => assert(0, 'zero'), () => assert.equal(1, '1'), () => assert.strictEqual(1, '1'), () => assert.deepEqual({ a: [1] }, { a: ['1'] }), () => assert.deepStrictEqual({ a: 1 }, { a: '1' }), () => assert.notEqual(1, 1), () => assert.throws(() => { throw new TypeError('x'); }, TypeError), () => assert.throws(() => { throw new TypeError('x'); }, /y/), () => assert.throws(() => {}), () => assert.doesNotThrow(() => { throw new Error('z'); }), () => assert.ifError(null), () => assert.ifError(new Error('w')), () => assert.fail('failed')].map(thrown),
});
