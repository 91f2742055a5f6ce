const sm = require('service-metadata');
const list = sm.list();
if (sm.URI === '/list') {
  session.output.write(list.map(({ name, writable, dataType }) => `${name} ${writable} ${dataType}\n`).join(''));
} else if (sm.URI === '/read-only') {
  const refused = [];
  for (const { name, writable } of list) {
    if (writable) continue;
    try {
      sm.setVar(name, 'x');
    } catch (error) {
      refused.push(error.message);
    }
  }
  session.output.write(`${refused.length} of ${list.filter(({ writable }) => !writable).length}\n${refused[0]}\n`);
} else {
  const changing = /address|client$|time|memory|transaction-id|URL-in|ident$/;
  const seen = { level: session.parameters.level, copy: sm.getVar('var://context/made/copy') };
  for (const { name } of list) {
    if (!changing.test(name)) seen[name.slice(14)] = sm.getVar(name);
  }
  session.output.write(JSON.stringify(seen, null, 1));
}
