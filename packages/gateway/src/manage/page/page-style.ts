/** The style of the status page: light and dark, wide and narrow, without anything from outside. */
export const pageStyle = `
:root{--back:#f6f7f9;--card:#fff;--ink:#1b1f24;--dim:#5b6470;--line:#dde1e6;--good:#11713b;--goodback:#dff3e6;--bad:#a5121d;--badback:#fbe3e4;--warn:#7a4d00;--warnback:#fdf0d0;--calmback:#e9ecef}
@media (prefers-color-scheme:dark){:root{--back:#101317;--card:#191d23;--ink:#e4e7eb;--dim:#98a2ae;--line:#2b313a;--good:#6fdc9a;--goodback:#12341f;--bad:#ff8d92;--badback:#46171b;--warn:#f3c25b;--warnback:#3d2e0b;--calmback:#2a3038}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--ink);font:15px/1.45 system-ui,sans-serif}
header{display:flex;flex-wrap:wrap;gap:.3rem .8rem;align-items:center;padding:1rem;max-width:72rem;margin:auto}
h1{font-size:1.4rem;margin:0}header p{margin:0;color:var(--dim);flex-basis:100%}
main{max-width:72rem;margin:auto;padding:0 1rem 2rem;display:grid;gap:1rem}
section{background:var(--card);border:1px solid var(--line);border-radius:.6rem;padding:.8rem 1rem;min-width:0}
h2{font-size:1rem;margin:0 0 .5rem}
table{width:100%;border-collapse:collapse}
th{text-align:left;font-weight:500;color:var(--dim);font-size:.85rem;padding:.2rem .6rem .2rem 0}
td{padding:.35rem .6rem .35rem 0;border-top:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
.mark{display:inline-block;padding:0 .55rem;border-radius:1rem;font-size:.85rem;font-weight:600;white-space:nowrap;background:var(--calmback)}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.mark.good{background:var(--goodback)}.mark.bad{background:var(--badback)}.mark.warn{background:var(--warnback)}
.dim{color:var(--dim)}.why{color:var(--dim);font-size:.9rem;margin-top:.15rem}
code,.log{font:.85rem/1.5 ui-monospace,monospace}
p{margin:.5rem 0 0}ul{margin:.4rem 0 0;padding-left:1.2rem}
.log{max-height:28rem;overflow:auto;overflow-wrap:anywhere}
.log div{padding:.1rem 0;border-top:1px solid var(--line)}
@media (max-width:40rem){
thead{display:none}tr{display:block;border-top:1px solid var(--line);padding:.4rem 0}
td{display:flex;gap:.6rem;border:0;padding:.1rem 0}
td::before{content:attr(data-head);flex:0 0 7rem;color:var(--dim);font-size:.85rem}
td:has(.why){flex-wrap:wrap}.why{flex-basis:100%}
}
`;
