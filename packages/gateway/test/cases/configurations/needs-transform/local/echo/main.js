const t = require('transform');
