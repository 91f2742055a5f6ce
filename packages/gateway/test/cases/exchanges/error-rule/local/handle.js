const sm = require('service-metadata');
const hm = require('header-metadata');
if (sm.URI === '/own') { sm.errorProtocolResponse = '418'; sm.errorProtocolReasonPhrase = 'Teapot'; }
if (sm.URI === '/header') hm.response.statusCode = 503;
if (sm.URI === '/again') throw new Error('the error rule fails too');
session.output.write({ code: sm.errorCode, message: sm.errorMessage });
