const sm = require('service-metadata');
session.output.write(`${sm.getVar('var://context/WSM/identity/username')} is ${sm.getVar('var://context/WSM/identity/authenticated-user')}`);
