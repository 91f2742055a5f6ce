session.output.write("a rule has run");
