const read = (name) => new Promise((done) => {
  const context = session.name(name);
  if (context === undefined) done('nothing');
  else context.readAsBuffer((error, text) => done(text.toString()));
});
Promise.all(['one', 'two'].map(read)).then((texts) => session.output.write(texts.join(' and ')));
