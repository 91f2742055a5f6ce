throw new Error("beside the rule");
