session.output.write('went on');
