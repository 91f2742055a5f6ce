throw new Error('passed over');
