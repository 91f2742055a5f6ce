const fs = require('fs');
const { promisify } = require('util');
const done = {};
const fails = (action) => action.then(() => 'done', (error) => `${error instanceof Error} ${error.errorCode}`);
(async () => {
  const url = fs.temporary();
  done.url = /^temporary:\/\/\/\S+$/.test(url);
  fs.temporary((error, other) => { done.other = error === undefined && other !== url; });
  await promisify(fs.writeFile)(url, Buffer.from('<a>\u00e9</a>'));
  done.bytes = (await promisify(fs.readFile)(url)).length;
  done.text = await promisify(fs.readFile)(url, 'utf8');
  done.options = await promisify(fs.readFile)(url, { encoding: 'base64' });
  done.xml = (await promisify(fs.readAsXML)(url)).item(0).textContent;
  done.buffers = (await promisify(fs.readAsBuffers)(url)) instanceof Buffers;
  done.json = await fails(promisify(fs.readAsJSON)(url));
  done.there = await new Promise((resolve) => fs.exists(url, resolve));
  await promisify(fs.unlink)(url);
  done.gone = await new Promise((resolve) => fs.exists(url, resolve));
  done.again = await fails(promisify(fs.unlink)(url));
  done.outside = [];
  for (const other of ['local:///x', 'config:///x', 'temporary:///../../x', 'cert:///x', '/etc/passwd']) {
    done.outside.push(await fails(promisify(fs.writeFile)(other, 'x')));
  }
  done.own = (await promisify(fs.readFile)('local:///main.js', 'utf8')).startsWith("const fs");
  done.certificate = await fails(promisify(fs.readFile)('cert:///x'));
  session.output.write(done);
})();
