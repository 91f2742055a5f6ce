const urlopen = require('urlopen');
const { promisify } = require('util');
const hm = require('header-metadata');
const open = promisify(urlopen.open);
const read = (response) => promisify(response.readAsBuffer).call(response);
const ask = async (path, agent) => {
  const response = await open({ target: `{{backend}}${path}`, agent });
  response.body = String(await read(response)).split('\n')[0];
  return `${response.statusCode} ${response.body}`;
};
(async () => {
  const followed = await ask('/moved', new urlopen.HttpUserAgent({ followRedirect: true }));
  const kept = await ask('/moved', new urlopen.HttpUserAgent({ followRedirect: false }));
  const plain = await ask('/here', new urlopen.UserAgent());
  const response = await open('{{backend}}/copied');
  // as scripts do that pass on what they got: framing is not theirs
  for (const name of Object.keys(response.headers)) {
    if (name !== 'date') hm.response.set(name, response.headers[name]);
  }
  const twice = [await read(response), await read(response)].map(String);
  session.output.write({ followed, kept, plain, same: twice[0] === twice[1] });
})();
