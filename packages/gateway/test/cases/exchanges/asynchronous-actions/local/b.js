session.output.write("second");
