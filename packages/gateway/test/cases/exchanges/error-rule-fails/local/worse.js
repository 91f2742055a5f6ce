session.reject("the second failure");
