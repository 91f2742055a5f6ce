throw new RangeError('broken at load');
