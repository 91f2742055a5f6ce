const errors = {};
const attempt = (name, action) => { try { action(); } catch (error) { errors[name] = [error instanceof Error, error.name]; } };
attempt('header', () => require('header-metadata').response.set('a b', 'c'));
attempt('status', () => { require('header-metadata').response.statusCode = 'x'; });
attempt('variable', () => require('service-metadata').setVar('var://service/domain-name', 'x'));
attempt('buffer', () => Buffer.alloc(1).readUInt32LE(0));
attempt('hash', () => require('crypto').createHash('none').digest());
attempt('module', () => require('./none'));
const sm = require('service-metadata');
sm.setVar('var://system/local/object', { a: [1] });
const kept = sm.getVar('var://system/local/object');
session.input.readAsBuffer((error, bytes) => {
  session.output.write({ ...errors, local: kept instanceof Object && kept.a instanceof Array, memory: bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length });
});
