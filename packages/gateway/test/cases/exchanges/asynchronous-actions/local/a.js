session.output.write("first");
