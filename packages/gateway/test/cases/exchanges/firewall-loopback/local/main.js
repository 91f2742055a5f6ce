const sm = require('service-metadata');
const hm = require('header-metadata');
hm.response.set('X-Secret', 'none of your business');
session.input.readAsBuffer((error, body) => {
  session.output.write({ method: sm.protocolMethod, uri: sm.URI, type: sm.processorType, body: body.toString() });
});
