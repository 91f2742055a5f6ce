session.reject("not today");
