import { expect, test } from "vitest";
import { refusedMarkup } from "../src/script/strict-markup.ts";

test.each([
  "<a/>",
  "<a b=']]>' c=\"'>\">x<!-- ]]> & --><![CDATA[ & ]]> ]]&gt; <?p & ]]>?></a>",
  "<!DOCTYPE a><a>&amp;&#65;&#x41;&#x10FFFF;&#9;</a>",
  "<a><b/><c></c ></a >",
])("%s passes", (text) => expect(refusedMarkup(text)).toBeUndefined());

test.each([
  "<a>]]></a>",
  "<a>&#;</a>",
  "<a>&#x;</a>",
  "<a>&#5;</a>",
  "<a>&#x1F;</a>",
  "<a>&#xD800;</a>",
  "<a>&#x110000;</a>",
  "<a>& </a>",
  "<a>&other;</a>",
  "<a b='&'/>",
  "<a></a></a>",
  "<a>\u0001</a>",
  "<a>\uffff</a>",
])("%s does not", (text) => expect(refusedMarkup(text)).toBeTypeOf("string"));
