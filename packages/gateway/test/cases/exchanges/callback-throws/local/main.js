session.input.readAsBuffer(() => { throw new Error('late'); });
