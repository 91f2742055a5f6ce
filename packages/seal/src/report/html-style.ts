/** The page's style: light and dark by the reader's setting, one column that fits a phone. */
export const stylesheet = `
:root{color-scheme:light dark;--back:#fbfaf8;--card:#fff;--text:#1d1f23;--dim:#565b64;--line:#dcd9d3;--good:#17693a;--bad:#a8231b;--wait:#7a5200;--link:#1f4f9c}
@media (prefers-color-scheme:dark){:root{--back:#15171a;--card:#1d2024;--text:#e8e6e3;--dim:#a9adb5;--line:#363a41;--good:#6fd397;--bad:#ff938a;--wait:#f0c05a;--link:#9dc1ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:1rem/1.55 system-ui,sans-serif}
header,main{max-width:64rem;margin:0 auto;padding:1rem 1.25rem}
header{margin-top:1.5rem;border-left:.4rem solid var(--bad)}
header.good{border-color:var(--good)}
header.good,header.bad{color:var(--text)}
.eyebrow{margin:0;color:var(--dim);letter-spacing:.06em}
h1{margin:.2rem 0;font-size:clamp(1.4rem,5vw,2.1rem);line-height:1.2;overflow-wrap:anywhere}
header.good strong,.good{color:var(--good)}
header.bad strong,.bad{color:var(--bad)}
h2{margin:2.2rem 0 .6rem;font-size:1.3rem}
h3{margin:.2rem 0;font-size:1.02rem;overflow-wrap:anywhere}
code{font:.9em/1.4 ui-monospace,monospace;overflow-wrap:anywhere}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:.8rem 0 0}
dt{color:var(--dim)}dd{margin:0;overflow-wrap:anywhere}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%}
h2~h3{margin-top:1.2rem}
th code{white-space:nowrap}
th,td{text-align:left;vertical-align:top;padding:.4rem .8rem .4rem 0;border-bottom:1px solid var(--line)}
thead th{color:var(--dim);font-weight:500}
article{background:var(--card);border:1px solid var(--line);border-left:.3rem solid var(--bad);border-radius:.4rem;padding:.8rem 1rem;margin:.8rem 0}
article.waived{border-left-color:var(--wait)}
article p{margin:.35rem 0}article ol{margin:.4rem 0;padding-left:1.4rem}li{overflow-wrap:anywhere}
.rule{font-weight:600;color:var(--bad)}.waived .rule,.waiver{color:var(--wait)}
.who{color:var(--dim)}
summary{cursor:pointer;padding:.15rem 0}
.tree ul{list-style:none;margin:0;padding-left:1.1rem;border-left:1px solid var(--line)}
.tree>ul{padding-left:0;border:0}
.tree small{color:var(--dim)}
`;
