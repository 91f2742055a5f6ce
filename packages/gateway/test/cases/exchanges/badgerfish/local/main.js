const forms = ['<alice>bob</alice>', '<alice><bob>charlie</bob><david>edgar</david></alice>', '<alice><bob>charlie</bob><bob>david</bob></alice>', '<alice charlie="david">bob</alice>',
  '<alice xmlns="http://some-namespace">bob</alice>', '<alice xmlns="http://some-namespace" xmlns:charlie="http://some-other-namespace">bob</alice>',
  '<alice xmlns="http://some-namespace" xmlns:charlie="http://some-other-namespace"> <bob>david</bob> <charlie:edgar>frank</charlie:edgar> </alice>', '<a x:b="1" xmlns:x="u"/>'];
const out = forms.map((text) => converter.toJSON('badgerfish', XML.parse(text)));
const back = out.map((fish) => XML.stringify({ omitXmlDeclaration: true }, converter.toXML('badgerfish', fish)));
session.output.write({ out, back });
