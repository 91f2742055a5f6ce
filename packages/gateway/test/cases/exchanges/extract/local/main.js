const sm = require('service-metadata');
session.input.readAsBuffer((error, buffer) => {
  const value = (name) => sm.getVar(`var://context/a/${name}`);
  session.output.write({
    items: String(buffer),
    count: value('count'),
    id: value('id'),
    method: value('method'),
  });
});
