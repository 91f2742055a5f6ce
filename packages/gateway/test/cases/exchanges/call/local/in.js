session.input.readAsBuffer((e, b) => session.output.write(`called with ${b}`));
