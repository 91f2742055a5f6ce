session.output.write("by the rule of an error action");
