session.output.write('x');
