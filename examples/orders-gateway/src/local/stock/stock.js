'use strict';

var sm = require('service-metadata');
var hm = require('header-metadata');

var counts = { 'tea-green': 40, 'tea-black': 3 };

var item = decodeURIComponent(sm.URI.slice('/stock/'.length));
if (Object.prototype.hasOwnProperty.call(counts, item)) {
  session.output.write({ item: item, count: counts[item] });
} else {
  hm.response.statusCode = '404 Not Found';
  session.output.write({ item: item });
}
