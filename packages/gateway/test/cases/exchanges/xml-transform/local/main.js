const transform = require('transform');
const dom = XML.parse('<books xmlns="http://publisher.test/books" xmlns:b="urn:b"><book b:n="1"><title>JavaScript</title><price>22.99</price></book><book><title>XSLT</title><price>35</price></book></books>');
const plain = XML.parse('<r><a>1</a><a>2</a><b c="x"/>text</r>');
const seen = {};
const note = (name) => (error, result) => {
  seen[name] = error ? { code: error.errorCode, message: error.errorMessage } :
    typeof result === 'object' ? Array.from({ length: result.length }, (_, n) => result.item(n).nodeValue ?? result.item(n).nodeName) : result;
  if (Object.keys(seen).length === 15) session.output.write(seen);
};
transform.xpath('/r/a', plain, note('nodes'));
transform.xpath('/r/a/text()', plain, note('texts'));
transform.xpath('count(//a)', plain, note('count'));
transform.xpath('string(//a)', plain, note('string'));
transform.xpath('//a = 2', plain, note('boolean'));
transform.xpath('/r/b/@c', plain, note('attribute'));
transform.xpath('sum(//a) > "2"', plain, note('one'));
transform.xpath('/none', plain, note('none'));
transform.xpath('a[', plain, note('syntax'));
transform.xpath('/q:r', plain, note('prefix'));
transform.xpath('../b', plain.getElementsByTagName('a').item(0), note('relative'));
transform.xpath({ expression: '//n:book[1]/n:title/text()', xmldom: dom, namespace: { n: 'http://publisher.test/books' } }, note('namespace'));
transform.xpath({ expression: '//n:book[@b:n]', xmldom: dom, namespace: { n: 'http://publisher.test/books', b: 'urn:b' } }, note('two'));
transform.xslt({ location: 'store:///identity.xsl', xmldom: plain }, (error, nodes, isAbort) => {
  seen.identity = [error === undefined, XML.stringify({ omitXmlDeclaration: true }, nodes), isAbort];
});
const location = ['local:///', 'other.xsl'].join('');
transform.xslt({ location, xmldom: plain }, note('another'));
