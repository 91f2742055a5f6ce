// Answers with the method and the headers of the message.
const headers = require("header-metadata");
const service = require("service-metadata");

session.output.write({
  method: service.protocolMethod,
  uri: service.URI,
  headers: headers.current.get(),
});
