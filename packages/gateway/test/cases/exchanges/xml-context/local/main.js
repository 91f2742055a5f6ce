session.input.readAsXML((error, nodes) => {
  if (error) { session.output.write({ code: error.errorCode, message: error.errorMessage, keys: Object.keys(error) }); return; }
  const dom = nodes.item(0).parentNode;
  const context = session.createContext('kept');
  context.setVar('dom', dom);
  context.setVar('object', { a: [1, { b: 2 }] });
  context.setVar('bytes', Buffer.from([1, 2]));
  const object = context.getVar('object');
  object.a.push('changed');
  const again = context.getVar('object');
  dom.documentElement.setAttribute('seen', JSON.stringify([again, context.getVar('bytes').length, context.getVar('dom').documentElement.nodeName]));
  context.deleteVar('object');
  dom.documentElement.setAttribute('gone', String(context.getVar('object')));
  session.output.write(dom);
});
