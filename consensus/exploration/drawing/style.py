"""The style sheet of the page: light and dark, and readable on a phone."""

from consensus.simulation.drawing.look import COLOURS, DRAWING, PALETTE

STYLE = (
    COLOURS
    + DRAWING
    + "".join(f".k{index}{{color:var(--c{index})}}\n" for index in range(len(PALETTE)))
    + """
:root{--zero:#d5e6f7;--one:#fbdcc4;--both:#ece6fb;--line0:#00558c;--line1:#a84300;--line01:#5b46b8}
@media (prefers-color-scheme:dark){:root{--zero:#123a58;--one:#5a2a08;--both:#352a66;--line0:#7cc0f5;
--line1:#ff9a5c;--line01:#b9abff}}
html{scroll-behavior:smooth}
body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.55 system-ui,"Segoe UI",Helvetica,Arial,sans-serif}
header,main,footer{max-width:1100px;margin:0 auto;padding:16px 20px}
h1{font-size:28px;line-height:1.2;margin:12px 0}
h2{font-size:21px;display:inline;margin:0}
h3{font-size:17px;margin:28px 0 6px}
p{max-width:75ch;margin:0 0 10px}
a{color:var(--line0)}
nav ul,.key{display:flex;flex-wrap:wrap;gap:6px 22px;list-style:none;padding:0;margin:12px 0}
.key svg{flex:none}
.key li{display:flex;align-items:center;gap:8px}
details.victim,section.men{border-top:1px solid var(--faint);padding:18px 0}
summary{cursor:pointer;padding:4px 0}
summary:focus-visible,a:focus-visible,.scroll:focus-visible{outline:3px solid var(--line01);
outline-offset:2px}
figure{margin:0 0 8px}
.scroll{overflow-x:auto;max-width:100%;width:fit-content;border:1px solid var(--faint);border-radius:6px;margin:8px 0;
background:var(--page)}
.scroll svg{display:block}
svg text{font:11.5px system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:var(--ink)}
.check{border-left:4px solid var(--line01);padding:4px 12px;background:var(--panel)}
.sign text{text-anchor:middle;font-weight:600;font-size:12px}
.sign rect,.sign path,.sign circle{stroke-width:1.8}
.v0 rect{fill:var(--zero);stroke:var(--line0)}
.v1 path{fill:var(--one);stroke:var(--line1)}
.v01 circle{fill:var(--both);stroke:var(--line01)}
.v circle{fill:none;stroke:var(--soft);stroke-dasharray:3 3}
.edge{stroke:var(--soft);stroke-width:1.6;fill:none}
.edge.thin{stroke-width:.8;opacity:.6}
.edge.bold{stroke:var(--fault);stroke-width:4}
.edge.event{stroke:var(--ink);stroke-width:2.2}
.edge.loop{stroke:var(--line01);stroke-width:3}
.return path:not(.edge){fill:none;stroke:var(--line01);stroke-width:3}
.return .step{fill:var(--line01);font-weight:600}
text.name{font-weight:600;font-size:13px}
text.name,text.step{paint-order:stroke;stroke:var(--page);stroke-width:4px;stroke-linejoin:round}
text.head,text.step{text-anchor:middle;fill:var(--ink)}
text.head{text-anchor:start}
.host{text-anchor:middle;font-weight:600}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:6px 0}
th,td{text-align:left;padding:3px 14px 3px 0;border-bottom:1px solid var(--faint);vertical-align:top}
td.n,th.n{text-align:right}
ol.steps{font:13px/1.5 ui-monospace,Consolas,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.legend{display:flex;flex-wrap:wrap;gap:4px 18px;list-style:none;padding:0;margin:4px 0;font-size:14px}
.legend li{display:flex;align-items:center;gap:6px}
code{font:13px/1.4 ui-monospace,Consolas,"DejaVu Sans Mono",monospace;background:var(--panel);
padding:1px 5px;border-radius:4px}
"""
)
