const sm = require('service-metadata');
sm.setVar('var://context/mine/kept', { deep: [1, 2] });
session.output.write({
  uri: sm.URI,
  method: sm.protocolMethod,
  domain: sm.getVar('var://service/domain-name'),
  service: sm.processorName,
  client: sm.clientServiceAddress.startsWith('127.0.0.1:'),
  rule: sm.transactionRuleName,
  kept: sm.getVar('var://context/mine/kept').deep.length,
  skip: sm.list().some((v) => v.name === 'var://service/mpgw/skip-backside' && v.writable),
  unset: sm.getVar('var://context/mine/other') === undefined,
});
