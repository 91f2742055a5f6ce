session.reject("not this one");
