const sm = require('service-metadata');
const thrown = (action) => { try { return action(); } catch (error) { return error.message; } };
sm.setVar('var://context/made/_roottree', { by: 'a script' });
session.input.readAsBuffer((error, bytes) => {
  session.output.write({
    input: bytes.toString(),
    named: session.name('named').getVar('kind'),
    none: session.name('nam') === undefined,
    document: sm.getVar('var://context/doc'),
    tree: [sm.getVar('var://context/tree'), sm.getVar('var://context/tree/_roottree')],
    made: sm.getVar('var://context/made'),
    refused: thrown(() => sm.setVar('var://context/INPUT', 'x')),
  });
});
