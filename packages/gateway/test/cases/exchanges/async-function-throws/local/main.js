(async () => { await null; await null; undefined.property; })();
