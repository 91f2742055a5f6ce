session.reject('changed my mind');
session.accept();
session.output.write('in');
