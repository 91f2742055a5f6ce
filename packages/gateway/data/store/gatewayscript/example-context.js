// Keeps the input in a context of its own, with a variable beside it, and answers with both.
session.input.readAsBuffer((error, buffer) => {
  if (error) {
    session.reject(error.errorMessage);
    return;
  }
  const context = session.createContext("example");
  context.setVar("length", buffer.length);
  context.write(buffer);
  session.name("example").readAsBuffer((failure, copy) => {
    if (failure) session.reject(failure.errorMessage);
    else session.output.write({ length: context.getVar("length"), text: copy.toString() });
  });
});
