// Problem documents (RFC 9457), the form of every answer that is not what was asked for.
'use strict';

var titles = {
  400: 'Bad Request',
  404: 'Not Found',
  409: 'Conflict',
  502: 'Bad Gateway'
};

exports.of = function (status, detail) {
  return {
    type: 'about:blank',
    title: titles[status] || 'Error',
    status: status,
    detail: detail
  };
};

exports.answer = function (hm, status, detail) {
  hm.response.statusCode = status + ' ' + (titles[status] || 'Error');
  hm.response.set('Content-Type', 'application/problem+json');
  session.output.write(exports.of(status, detail));
};
