const sm = require('service-metadata');
sm.mpgw.skipBackside = true;
session.output.write('skipped');
