session.input.readAsJSON((error, value) => {
  session.createContext('inner-context').setVar('seen', value.n);
  session.output.write({ n: value.n + 1 });
});
