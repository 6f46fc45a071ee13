"""The look of the page: two colours for two values, red for what breaks; nothing is loaded."""

STYLE = """
:root{color-scheme:light dark;--page:#fcfcfb;--panel:#f2f2ef;--ink:#1c1c1a;--soft:#6a6a66;
--faint:#d9d9d3;--fault:#c4122f;--good:#00674a;--v0:#0068a8;--v1:#b04600}
@media (prefers-color-scheme:dark){:root{--page:#161719;--panel:#202225;--ink:#ececea;--soft:#a0a09b;
--faint:#3a3d42;--fault:#ff6b7a;--good:#3fc79a;--v0:#62b5f0;--v1:#ff8f47}}
*{box-sizing:border-box}
body{margin:0 auto;padding:20px 24px 60px;max-width:1180px;background:var(--page);color:var(--ink);
font:14px/1.5 system-ui,"Segoe UI",Helvetica,Arial,sans-serif}
h1{font-size:22px;font-weight:600;margin:0 0 4px}
h2{font-size:18px;font-weight:600;margin:34px 0 4px;padding-top:12px;border-top:1px solid var(--faint)}
h2::first-letter,h3::first-letter{text-transform:uppercase}
h3{font-size:15px;font-weight:600;margin:22px 0 4px}
p{margin:0 0 8px;max-width:86ch}
.soft{color:var(--soft)}
nav a{color:inherit;margin-right:14px}
table{border-collapse:collapse;margin:8px 0;font-size:13px;width:100%}
th{text-align:left;font-weight:600;color:var(--soft);border-bottom:1px solid var(--faint)}
th,td{padding:6px 12px 6px 0;vertical-align:top}
td{border-bottom:1px solid var(--faint)}
td.bound{white-space:nowrap;font-weight:600}
.good{color:var(--good);font-weight:600}
.bad{color:var(--fault);font-weight:600}
summary{cursor:pointer}
ol{margin:4px 0 4px 20px;padding:0;font:12px/1.45 ui-monospace,"SF Mono",Consolas,monospace}
.wide{overflow-x:auto;margin:8px 0;padding-bottom:6px}
.pair{display:flex;flex-wrap:wrap;gap:12px 40px;align-items:center}
svg{display:block;max-width:none}
svg text{font:12px system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:var(--ink);text-anchor:middle}
svg .name,svg .small{paint-order:stroke;stroke:var(--page);stroke-width:3px;stroke-linejoin:round}
svg .small{font-size:10.5px;fill:var(--soft)}
svg .name{font-weight:600}
svg .fault{fill:var(--fault);font-weight:600}
.node{fill:var(--page);stroke:var(--ink);stroke-width:2}
.node.v0{stroke:var(--v0)}.node.v1{stroke:var(--v1)}
.node.puppet{stroke:var(--fault);stroke-dasharray:5 3}
.node.down{fill:none;stroke:var(--faint);stroke-width:1.2}
.culprit{fill:var(--fault);opacity:.13}
.edge{stroke:var(--soft);stroke-width:1.6;fill:none}
.edge.broken{stroke:var(--fault);stroke-width:4}
.edge.said{stroke:var(--fault)}.edge.held{stroke-dasharray:3 6}
.link{stroke:var(--ink);stroke-width:5;opacity:.28}
.cross{stroke:var(--fault);stroke-width:2;fill:none}
.life{stroke:var(--faint);stroke-width:1.4}
.head{fill:var(--soft)}.head.said{fill:var(--fault)}
"""
