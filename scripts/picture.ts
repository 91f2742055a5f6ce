// `node scripts/picture.ts < TEXT > docs/demo.svg`: what a terminal showed, as a picture for the README.
import { readFileSync } from "node:fs";

const lines = readFileSync(0, "utf8").trimEnd().split("\n");
const size = { letter: 7.25, line: 17, margin: 16 };
const width = Math.max(...lines.map((line) => line.length)) * size.letter + 2 * size.margin;
const height = lines.length * size.line + 2 * size.margin;

const rows = lines.map((line, index) => {
  const y = size.margin + (index + 0.75) * size.line;
  return `<text x="${size.margin}" y="${y}" fill="${colorOf(line)}" xml:space="preserve">${escaped(line)}</text>`;
});
process.stdout.write(`<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${height}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="12">
<rect width="100%" height="100%" rx="8" fill="#16181d"/>
${rows.join("\n")}
</svg>
`);

function colorOf(line: string): string {
  if (/^\(\d+\/\d+\)|^\d+ steps/.test(line)) return "#ffffff";
  if (/^ {4}→/.test(line)) return "#7ddc8f";
  if (/^ {4}allowed|changed|^ {4}drift of mutable/.test(line)) return "#ff8f8f";
  return "#b9c0cc";
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
