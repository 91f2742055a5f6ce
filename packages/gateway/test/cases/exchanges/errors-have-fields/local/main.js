const out = [];
const shape = (name, error) => { out.push([name, error instanceof Error, Object.keys(error), error.errorCode, error.errorMessage === error.message, typeof error.stack]); if (out.length === 6) session.output.write(out.sort()); };
session.input.readAsJSON((error) => shape('json', error));
session.input.readAsXML((error) => shape('xml', error));
require('fs').readFile('temporary:///missing', (error) => shape('fs', error));
require('urlopen').open('http://127.0.0.1:1/', (error) => shape('urlopen', error));
require('transform').xpath('(', XML.parse('<a/>'), (error) => shape('xpath', error));
try { require('jose').parse('x'); } catch (error) { shape('jose', error); }
