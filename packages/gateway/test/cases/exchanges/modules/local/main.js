const { twice } = require('./lib/twice.js');
const { twice: again } = require('lib/twice');
const { twice: third } = require('local:///lib/twice.js');
session.output.write([twice(2), again === twice, third(4), require('lib/count').next()]);
