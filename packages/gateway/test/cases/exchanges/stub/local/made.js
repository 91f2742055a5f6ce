const hm = require('header-metadata');
session.input.readAsJSON((error, order) => {
  hm.response.statusCode = 201;
  hm.response.set('Location', '/orders/8');
  session.output.write({ made: order.item });
});
