session.output.write('a');
