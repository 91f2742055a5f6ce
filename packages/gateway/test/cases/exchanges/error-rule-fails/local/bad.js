session.reject("the first failure");
