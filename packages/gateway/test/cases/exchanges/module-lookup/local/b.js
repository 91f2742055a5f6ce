const a = require('./a'); exports.name = 'b'; exports.sawOfA = Object.keys(a);
