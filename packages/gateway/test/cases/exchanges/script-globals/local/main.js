const hm = require('header-metadata');
const { sprintf } = require('sprintf');
const caught = (action) => { try { action(); return undefined; } catch (error) { return error; } };
if (!session.parameters.limit) session.parameters.limit = 30;
const thrown = caught(() => Integer.parseInt('1'));
const syntax = caught(() => JSON.parse('{"a"'));
const own = Object.assign(new Error('plain'), { errorMessage: 'mine' });
const dom = XML.parse('<a>b<!--c--></a>').documentElement;
hm.current.set('Set-Cookie', ['a=1', 'b=2']);
hm.response.statusCode = 201;
const standard = hm.response.reasonPhrase;
hm.response.statusCode = '200 Super';
session.createContext('thrown').write(thrown);
session.name('thrown').readAsJSON((problem, written) => {
  const read = session.input.readAsJSON;
  session.output.write({
    parameters: session.parameters,
    thrown: [thrown.errorMessage, thrown.errorDescription, thrown.errorSuggestion, typeof thrown.errorCode],
    same: syntax.errorMessage === syntax.message,
    own: [own.errorMessage, own.errorDescription, Object.keys(own)],
    written: Object.keys(written),
    nodes: [dom.nodeType === Node.ELEMENT_NODE, dom.firstChild.nodeType === Node.TEXT_NODE, dom instanceof Node, dom.childNodes instanceof Node, {} instanceof Node],
    first: hm.current.get('set-cookie'),
    all: hm.current.headers['Set-Cookie'],
    phrases: [standard, hm.response.reasonPhrase],
    formats: sprintf('%1$b %1$i %1$d %1$e %1$E %1$f %1$o %2$O %2$s %2$S %1$u %1$x %1$X %2$j', 1234, 'abcd'),
    unbound: caught(() => read(() => {})).message,
  });
});
