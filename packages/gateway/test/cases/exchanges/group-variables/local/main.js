const sm = require('service-metadata');
session.output.write({
  group: sm.getVar('var://service/lb/group'),
  member: /^127\.0\.0\.1:\d+$/.test(sm.getVar('var://service/lb/member')),
  timeout: sm.getVar('var://service/mpgw/backend-timeout'),
  out: sm.getVar('var://service/URL-out').replace(/:\d+/, ''),
  side: sm.getVar('var://service/transaction-rule-type'),
  forwarded: sm.getVar('var://service/time-forwarded') >= 0,
  size: sm.getVar('var://service/mpgw/response-size') > 0,
});
