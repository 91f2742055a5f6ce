session.reject('too bad');
