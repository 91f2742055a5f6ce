import {loadDomLibrary,parseDom,serialiseDom,evaluateInDom} from "./src/xml/dom.ts";
import {XPath,truthOf,stringOf} from "./src/xml/xpath.ts";
import {parseXml} from "./src/xml/parse.ts";
import {serialiseValue} from "./src/xml/nodes.ts";
import {defaultXmlLimits} from "./src/xml/limits.ts";
await loadDomLibrary();
const src='<?xml version="1.0"?><!--top-->\n<a xmlns:b="urn:b" xmlns="urn:d" x="1">\n<b:c y="2">t<![CDATA[q]]>r</b:c><?pi d?><e/></a>\n<!--end-->';
const dom=parseDom(Buffer.from(src),defaultXmlLimits);
console.log(serialiseDom(dom));
const ns={b:'urn:b',d:'urn:d'};
for (const e of ['/','//b:c','//@*','//text()','string(//b:c)','count(//node())','/d:a/comment()','//processing-instruction()','.','1 div 0','b:c']) { const v=evaluateInDom(dom,new XPath(e,{namespaces:ns})); console.log(e, Array.isArray(v)?v.map(n=>n.nodeName+'='+n.nodeValue):v);}
const c=evaluateInDom(dom,new XPath('//b:c',{namespaces:ns})) as any[];
c[0].appendChild(dom.createTextNode('more')); c[0].appendChild(dom.createTextNode('text')); 
console.log((evaluateInDom(c[0],new XPath('text()')) as any[]).map(n=>n.nodeValue));
const el=dom.createElementNS('urn:z','z:q'); el.appendChild(dom.createTextNode('hi')); console.log(evaluateInDom(el,new XPath('string(.)')),(evaluateInDom(el,new XPath('text()')) as any[]).length);
using t=parseXml(Buffer.from(src),defaultXmlLimits);
for (const e of ['//b:c','//@y','//text()','string(//b:c)','/d:a','//d:e','/..','1=1','-1','3 mod 2','//*[@x or @y][1]',"dp:variable('var://service/x') = 'v\"1'","concat(dp:variable('a'),'b')"]) {const x=new XPath(e,{namespaces:{...ns,dp:'urn:dp'},functions:new Set(['{urn:dp}variable'])}); const v=x.evaluate(t,(n,a)=>'v"1'); console.log(e,v.type,truthOf(v),JSON.stringify(serialiseValue(v,stringOf(v))));}
for (const e of ['1 +','a b','foo()','count()','$x','x:y','namespace::*','/','//','a/','a[','dp:foo(1)',"dp:variable(a)",'@@a','..','a//b','*','* * *','div div div','-a','a|b','text()','processing-instruction("x")','(//a)[1]/b','child::a','ancestor-or-self::node()',"'a","a or b and c","a<b",'.5','5.','string()[1]','/a[position()=last()]','id("x")/b','not(/a)','a:*']) { try{ new XPath(e,{namespaces:{a:'urn'}}); console.log(e,'OK') }catch(x){console.log(String(x))} }
