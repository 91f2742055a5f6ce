const sm = require('service-metadata');
session.output.write(`${sm.persistentConnectionCounter} ${sm.connection.note}`);
sm.connection.note = `noted at ${sm.URI}`;
