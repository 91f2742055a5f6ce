throw new Error("a secret");
