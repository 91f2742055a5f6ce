session.output.write("the alternative");
