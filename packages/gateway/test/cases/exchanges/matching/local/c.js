session.output.write('c');
