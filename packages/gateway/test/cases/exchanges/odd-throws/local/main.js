const sm = require('service-metadata');
switch (sm.URI) {
  case '/null': throw null;
  case '/getter': throw { get message() { throw new Error('from a getter'); } };
  case '/endless': throw { get message() { for (;;) {} } };
  case '/proxy': throw new Proxy({}, { get() { throw new Error('trap'); }, getOwnPropertyDescriptor() { throw new Error('trap'); } });
  case '/symbol': throw Symbol('s');
  case '/deep': { const again = (n) => again(n + 1) + 1; again(0); break; }
  case '/rejected': Promise.reject({ get message() { for (;;) {} } }); break;
  case '/tostring': session.output.write({ toJSON() { throw new Error('json'); } }); break;
}
