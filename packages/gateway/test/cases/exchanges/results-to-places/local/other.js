session.output.write("the other context");
