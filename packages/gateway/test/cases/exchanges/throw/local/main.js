throw new Error('a detail that the client does not see');
