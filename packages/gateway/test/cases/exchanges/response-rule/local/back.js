const hm = require('header-metadata');
hm.current.set('X-From', 'rule');
session.input.readAsBuffer((error, bytes) => session.output.write({ was: bytes.toString(), status: 'OK' }));
