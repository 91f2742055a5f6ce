session.output.write(session.parameters.greeting);
