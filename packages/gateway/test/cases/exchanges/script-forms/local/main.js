'use strict';
// the forms of older and newer public scripts; ä UTF-8
debugger;
const util = require('util');
script.defaults({ errorObjectLogging: false });
function Old(name) { this.name = name; }
function Base() {}
Base.prototype.hello = function () { return 'hello ' + this.name; };
util.inherits(Old, Base);
const later = util.callbackify(async (value) => value + 1);
const old = new Old('\u00e4');
const merged = { ...{ a: 1 }, b: [...'xy'] };
const sm = require('service-metadata');
sm.setVar('var://context/forms/kept', 'v');
sm.deleteVar('var://context/forms/kept');
session.reject('taken back');
session.accept();
for (const level of ['log', 'debug', 'trace', 'info', 'notice', 'warn', 'error', 'critical', 'alert', 'emerg']) console[level]('%s', level);
console.options({ category: 'mine' }).error({ a: 1 });
session.INPUT.readAsJSON(function (error, value) {
  later(1, function (problem, two) {
    session.input.write('changed');
    session.input.readAsBuffer(function (unread, bytes) {
      session.output.write({ hello: old.hello(), old: old instanceof Base, merged, value, two, gone: sm.getVar('var://context/forms/kept') === undefined, input: bytes.toString(), original: require('header-metadata').original.get({ type: 'mq' }, 'Host') });
    });
  });
});
return;
