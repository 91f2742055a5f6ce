// Rejects a message that is not JSON, or that has no name in it.
session.input.readAsJSON((error, json) => {
  if (error) session.reject("not JSON");
  else if (!json.name) session.reject("no name");
  else session.output.write(json);
});
