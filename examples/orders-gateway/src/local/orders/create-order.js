// An order goes on to the ERP only when there is enough of every item.
'use strict';

var hm = require('header-metadata');
var sm = require('service-metadata');
var stock = require('./lib/stock');

var log = console.options({ category: 'gatewayscript-user' });

session.input.readAsJSON(function (unreadable, order) {
  if (unreadable) {
    session.reject(unreadable.errorMessage);
    return;
  }
  var waiting = order.lines.length;
  var missing = [];
  order.lines.forEach(function (line) {
    stock.of(line.item, function (error, count) {
      waiting--;
      if (error) {
        log.error('stock of %s: %s', line.item, error.message);
        sm.setVar('var://context/orders/status', 502);
        session.reject('The stock could not be asked');
        return;
      }
      if (count < line.count) missing.push(line.item);
      if (waiting > 0) return;
      if (missing.length > 0) {
        sm.setVar('var://context/orders/status', 409);
        session.reject('Not in stock: ' + missing.sort().join(', '));
        return;
      }
      order.channel = 'partner';
      hm.current.set('Content-Type', 'application/json');
      session.output.write(order);
    });
  });
});
