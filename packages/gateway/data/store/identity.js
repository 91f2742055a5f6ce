// Copies its input.
session.input.readAsBuffers((error, buffers) => {
  if (error) session.reject(error.errorMessage);
  else session.output.write(buffers);
});
