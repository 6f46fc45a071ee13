"""Colours, style sheet and script of the page.

The colours of messages are Okabe and Ito's, which people with any kind of colour blindness tell
apart, darkened for a light page and lightened for a dark one; further kinds are dashed as well.
Red is kept for faults. Nothing is loaded from elsewhere, and the page can be read without scripts.
"""

from collections.abc import Iterable

PALETTE = (
    ("#0068a8", "#62b5f0"),
    ("#c84f00", "#ff8f47"),
    ("#007a58", "#3fc79a"),
    ("#9c3f78", "#e79ac6"),
    ("#7a5f00", "#e3c33f"),
    ("#5b46b8", "#b3a4ff"),
    ("#3d6e7d", "#8fc9d9"),
    ("#5c5c5c", "#b8b8b8"),
)
"""For a light and for a dark page."""


def name_looks(kinds: Iterable[str]) -> dict[str, str]:
    """A class for each kind of message, in order."""
    return {kind: f"k{index}" for index, kind in enumerate(kinds)}


def make_style(looks: Iterable[str], layers: Iterable[str]) -> str:
    """The style sheet for some classes of messages, and for layers that can be switched off."""
    colours = (style_look(index, look) for index, look in enumerate(looks))
    return "".join([STYLE, *colours, *map(style_switch, layers)])


def style_switch(name: str) -> str:
    """What a box in the legend that is not ticked does."""
    return f":root:has(#show-{name}:not(:checked)) .drawing .{name}{{display:none}}\n"


def style_look(index: int, look: str) -> str:
    """The colour of one class of messages, and its switch."""
    colour = index % len(PALETTE)
    dashes = f".{look} .way{{stroke-dasharray:7 3}}" if index >= len(PALETTE) else ""
    return f".{look}{{color:var(--c{colour})}}{dashes}\n{style_switch(look)}"


def make_colours(page: int) -> str:
    """The colours of messages on a light (0) or dark (1) page."""
    return "".join(f"--c{index}:{pair[page]};" for index, pair in enumerate(PALETTE))


COLOURS = f"""
:root{{color-scheme:light dark;--page:#fcfcfb;--panel:#f2f2ef;--ink:#1c1c1a;--soft:#6a6a66;
--faint:#e4e4df;--fault:#c4122f;--warn:#9a6200;--good:#1c1c1a;{make_colours(0)}}}
@media (prefers-color-scheme:dark){{:root{{--page:#161719;--panel:#202225;--ink:#ececea;
--soft:#a0a09b;--faint:#2c2e32;--fault:#ff6b7a;--warn:#f0b445;--good:#ececea;{make_colours(1)}}}}}
*{{box-sizing:border-box}}
"""
PAGE = """
body{margin:0;background:var(--page);color:var(--ink);
font:14px/1.45 system-ui,"Segoe UI",Helvetica,Arial,sans-serif;width:max-content;min-width:100%}
header{padding:20px 24px 12px;max-width:1180px;position:sticky;left:0}
h1{font-size:20px;font-weight:600;margin:0 0 4px}
p{margin:0 0 4px;color:var(--soft)}
code{font:12px/1.4 ui-monospace,"SF Mono",Consolas,"DejaVu Sans Mono",monospace;
background:var(--panel);padding:2px 6px;border-radius:4px;color:var(--ink);overflow-wrap:anywhere}
.legend{display:flex;flex-wrap:wrap;gap:4px 16px;margin:10px 0 0;padding:0;list-style:none;
font-size:12.5px}
.legend label,.legend span{display:inline-flex;align-items:center;gap:5px;white-space:nowrap}
.legend input{margin:0;accent-color:currentColor}
.legend svg{flex:none}
.names{position:sticky;top:0;z-index:1;background:var(--page);display:block;
border-bottom:1px solid var(--faint)}
.names,.drawing{display:block}
svg text{font:11.5px system-ui,"Segoe UI",Helvetica,Arial,sans-serif;fill:var(--ink)}
.names text{text-anchor:middle;font-size:13px;font-weight:600}
.names .note{font-size:11px;font-weight:400;fill:var(--soft)}
.names .liar{fill:var(--fault)}
"""
DRAWING = """
.axis line{stroke:var(--faint);stroke-width:1}
.axis text{text-anchor:end;fill:var(--soft);font-variant-numeric:tabular-nums}
.break rect{fill:var(--panel);opacity:.8}
.break .gap{stroke:var(--panel);stroke-width:6;stroke-dasharray:4 4;fill:none}
.break text{font-style:italic}
.life{stroke:var(--ink);stroke-width:1.6}
.life.down{stroke:var(--fault);stroke-width:1;stroke-dasharray:1 7;opacity:.55}
.life.paused{stroke-width:5;stroke-dasharray:2 3;opacity:.45}
.life.liar{stroke:var(--fault)}
.life.up.liar{stroke-width:2.4;stroke-dasharray:12 3}
.way{stroke:currentColor;stroke-width:1.35;fill:none}
.reach{stroke:transparent;stroke-width:9}
.head path{fill:currentColor}
.lost .way{stroke-dasharray:5 4;opacity:.75}
.open .way{stroke-dasharray:1.5 3.5;opacity:.7}
.cross{stroke:var(--fault);stroke-width:2;fill:none}
.mark{stroke:var(--ink);stroke-width:1.5;fill:var(--page)}
.mark.decide{fill:var(--good)}
.mark.certify{stroke-width:1.8}
.mark.timer{stroke:var(--warn);fill:var(--warn);fill-opacity:.35}
.mark.crash{stroke:var(--fault);stroke-width:3;fill:none}
.mark.restart,.mark.resume{fill:var(--page)}
.mark.accuse,.mark.diverge{stroke:var(--fault);fill:var(--fault);fill-opacity:.3}
.mark.behind{fill:none}
.mark.write,.mark.apply,.mark.ignore,.mark.other{stroke:var(--soft);stroke-width:1.2}
.mark.other{fill:var(--soft);stroke:none}
.banner{--paint:var(--ink)}
.banner.violated{--paint:var(--fault)}
.drawing .banner text{fill:var(--paint);font-weight:600}
.banner line{stroke:var(--paint);stroke-width:1.2;stroke-dasharray:9 4}
.banner.violated line{stroke-width:2.4;stroke-dasharray:none}
.words text,.banner text{paint-order:stroke;stroke:var(--page);stroke-width:3.5px;stroke-linejoin:round;
pointer-events:none}
.words .said{fill:currentColor}
.words .dot,.words .event{fill:var(--soft)}
.words .decide,.words .certify{font-weight:600}
.words .timer,.words .behind{fill:var(--warn)}
.words .crash,.words .accuse,.words .diverge{fill:var(--fault);font-weight:600}
.flight{cursor:pointer}
.flight:hover .way{stroke-width:3}
.lighting .flight:not(.lit){opacity:.13}
.lighting .lit .way{stroke-width:2.4}
"""
"""Of the drawing alone, on whatever page it stands."""
PRINT = """
@media print{.names{position:static}header{max-width:none}}
"""
STYLE = COLOURS + PAGE + DRAWING + PRINT

SCRIPT = """
(function () {
  var drawing = document.querySelector("svg.drawing");
  var pinned = null;
  function light(number) {
    drawing.classList.toggle("lighting", number !== null);
    drawing.querySelectorAll(".flight").forEach(function (flight) {
      flight.classList.toggle("lit", flight.dataset.message === number);
    });
  }
  function find(event) {
    var flight = event.target.closest(".flight");
    return flight ? flight.dataset.message : null;
  }
  drawing.addEventListener("mouseover", function (event) {
    if (pinned === null) { light(find(event)); }
  });
  drawing.addEventListener("click", function (event) {
    pinned = find(event);
    light(pinned);
  });
}());
"""
