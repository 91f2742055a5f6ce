session.input.readAsJSON((error, value) => {
  if (error) { session.output.write({ error: error.name }); return; }
  Promise.resolve(value.a).then(async (a) => {
    await null;
    session.output.write({ a, b: a + 1 });
  });
});
