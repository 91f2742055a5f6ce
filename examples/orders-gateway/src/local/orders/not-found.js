'use strict';

var problem = require('./lib/problem');
var hm = require('header-metadata');
var sm = require('service-metadata');

problem.answer(hm, 404, sm.protocolMethod + ' ' + sm.URI + ' is not served');
