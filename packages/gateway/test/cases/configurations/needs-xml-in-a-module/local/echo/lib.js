// XML.parse in a comment is no need
exports.f = (s) => XML.parse(s);
