const sm = require('service-metadata');
sm.setVar('var://context/where/schema', 'local://' + sm.URI);
