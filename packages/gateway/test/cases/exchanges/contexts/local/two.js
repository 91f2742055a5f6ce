session.input.readAsBuffer((error, bytes) => {
  session.name('extra').readAsJSON((problem, extra) => {
    session.output.write(`${bytes} ${extra.n} ${session.name('none') === undefined} ${session.name('OUTPUT') === undefined}`);
  });
});
