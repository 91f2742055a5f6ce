// Answers with a greeting.
session.output.write("Hello, world");
