module.exports = { counter: 0, up: require('../a').name };
