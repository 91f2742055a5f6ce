session.output.write("a script that is a file");
