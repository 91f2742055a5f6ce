session.output.write("let through");
