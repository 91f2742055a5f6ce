session.output.write("the inner rule");
