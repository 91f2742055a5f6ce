session.createContext('extra').write({ n: 1 });
session.output.write(require('service-metadata').getVar('var://context/a/from-policy'));
