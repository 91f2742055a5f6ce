session.output.write({ why: require('service-metadata').getVar('var://service/error-message') });
