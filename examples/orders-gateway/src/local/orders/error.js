// Every failure becomes a problem document; what happened inside goes to the log only.
'use strict';

var hm = require('header-metadata');
var sm = require('service-metadata');
var problem = require('./lib/problem');

var asked = sm.getVar('var://context/orders/status');
var code = sm.getVar('var://service/error-code');
var message = sm.getVar('var://service/error-message');

console.notice('failed with %s: %s', code, message);

if (asked) {
  problem.answer(hm, Number(asked), message);
} else if (code === '0x01130006') {
  problem.answer(hm, 502, 'The order system does not answer');
} else if (code === '0x02030004') {
  problem.answer(hm, 502, 'The order system refused');
} else {
  problem.answer(hm, 400, 'The request is not an order');
}
