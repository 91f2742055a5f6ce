session.output.write('never seen');
Promise.reject(new Error('nobody catches this'));
