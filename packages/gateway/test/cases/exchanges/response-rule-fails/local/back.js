throw new Error('on the way back');
