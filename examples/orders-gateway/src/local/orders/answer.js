// What the ERP says about itself stays here.
'use strict';

var hm = require('header-metadata');

session.input.readAsJSON(function (unreadable, answer) {
  if (unreadable) {
    session.reject(unreadable.errorMessage);
    return;
  }
  delete answer.internal;
  hm.response.remove('X-Powered-By');
  session.output.write(answer);
});
