const sm = require('service-metadata');
const attempts = {
  global: () => { globalThis.left = 1; },
  undeclared: () => { undeclared = 1; },
  prototype: () => { Array.prototype.left = 1; },
  replaced: () => { JSON.parse = () => 'left'; },
  module: () => { require('util').left = 1; },
  buffer: () => { Buffer.prototype.left = 1; },
  session: () => { Object.getPrototypeOf(session).left = 1; },
  match: () => { 'secret'.match(/(s.*)/); if (RegExp.$1 !== undefined) throw new Error('kept'); },
  code: () => { new Function('return 1')(); },
  process: () => { process.exit(1); },
  escape: () => { Buffer.constructor('return process')().exit(1); },
};
const results = {};
for (const [name, attempt] of Object.entries(attempts)) {
  try { attempt(); results[name] = 'done'; } catch (error) { results[name] = error.name; }
}
class Own extends Error { constructor() { super('m'); this.name = 'Own'; } }
function Old() {}
Old.prototype.toString = () => 'old';
session.output.write({ ...results, own: new Own().name, old: String(new Old()), left: globalThis.left === undefined });
