throw new Error("x");
