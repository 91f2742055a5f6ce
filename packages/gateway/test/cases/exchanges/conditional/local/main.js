session.output.write(String(require('service-metadata').getVar('var://context/a/which')));
