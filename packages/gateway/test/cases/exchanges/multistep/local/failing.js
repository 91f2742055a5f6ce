session.reject('not today');
