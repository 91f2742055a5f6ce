const lib = require('./lib.js');
