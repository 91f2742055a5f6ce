const multistep = require('multistep');
session.createContext('in').write({ n: 1 });
multistep.callRule('inner', 'in', 'out', (error) => {
  if (error) throw error;
  session.name('out').readAsJSON((error, value) => {
    multistep.callRule('failing', 'in', 'out2', null, (failure) => {
      const missing = 'no' + 'where';
      multistep.callRule(missing, 'in', 'out3', (unknown) => {
        session.output.write({ value, failure: [failure.errorCode, failure.errorMessage], unknown: unknown.errorMessage, kept: session.name('inner-context').getVar('seen') });
      });
    });
  });
});
