const sm = require('service-metadata');
const held = {
  '/text': "session.output.write('a script that is a text');",
  '/file': 'local:///file.js',
  '/wrong': 'cert:///file.js',
}[sm.URI];
if (held !== undefined) sm.setVar('var://context/code/script', held);
