const sm = require('service-metadata');
session.output.write({ order: Number(sm.URI.split(/[/?]/)[2]) });
