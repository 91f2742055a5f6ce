// Asks the stock service how many there are of an item.
'use strict';

var urlopen = require('urlopen');

exports.of = function (item, callback) {
  var options = {
    target: session.parameters['stock-url'] + '/' + item,
    method: 'get',
    timeout: 5
  };
  urlopen.open(options, function (error, response) {
    if (error) {
      callback(error);
      return;
    }
    if (response.statusCode === 404) {
      response.discard(function () { callback(undefined, 0); });
      return;
    }
    if (response.statusCode !== 200) {
      response.discard(function () {
        callback(new Error('the stock service answered ' + response.statusCode));
      });
      return;
    }
    response.readAsJSON(function (unreadable, stock) {
      callback(unreadable, stock && stock.count);
    });
  });
};
