const { promisify } = require('util');
const read = promisify(session.input.readAsBuffer.bind(session.input));
(async () => {
  const bytes = await read();
  session.output.write(`${bytes.length} ${bytes.toString('hex')} ${Buffer.isBuffer(bytes)}`);
})();
