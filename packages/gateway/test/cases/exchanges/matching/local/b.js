session.output.write('b');
