const sm = require('service-metadata');
session.name('dpvar_1').readAsBuffer((error, kept) => {
  session.output.write(`${kept}: ${sm.getVar('var://service/formatted-error-message')}`);
});
