const dom = XML.parse('<?xml version="1.0"?>\n<library xmlns:x="urn:x"><book id="1" x:kind="new"><title>A &amp; B</title></book><book id="2"/><!-- end --></library>');
const root = dom.documentElement;
const added = dom.createElement('book');
added.setAttribute('id', '3');
added.appendChild(dom.createTextNode('<new>'));
root.appendChild(added);
let refused;
try { XML.parse('<a><b></a>'); } catch (error) { refused = [error instanceof Error, error.errorCode, typeof error.errorMessage, typeof error.stack]; }
const bad = ['', 'x', '<a', '<a/><b/>', '<a b=1/>', '<a b="1" b="2"/>', '<a>&nope;</a>', '<x:a/>', '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', '<a>\u0001</a>', '<a><![CDATA[x</a>', '<1/>', '<a b="<"/>'];
session.output.write({
  text: XML.stringify(dom),
  bare: XML.stringify({ omitXmlDeclaration: true }, root.firstChild),
  swapped: XML.stringify(root.getElementsByTagName('book').item(1), { omitXmlDeclaration: true }),
  list: XML.stringify({ omitXmlDeclaration: true }, dom.getElementsByTagName('book')),
  count: root.getElementsByTagName('book').length,
  title: root.getElementsByTagName('title').item(0).textContent,
  kind: root.firstChild.getAttributeNS('urn:x', 'kind'),
  buffer: XML.parse(Buffer.from('<a>\u00e4</a>')).documentElement.textContent,
  name: root.nodeName, type: dom.nodeType, owner: root.ownerDocument === dom,
  refused,
  bad: bad.map((text) => { try { XML.parse(text); return text; } catch { return 'refused'; } }),
});
