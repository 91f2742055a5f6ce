// Accepts an answer that is JSON, and passes it on.
session.input.readAsJSON((error, json) => {
  if (error) session.reject(error.errorMessage);
  else session.output.write(json);
});
