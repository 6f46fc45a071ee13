"""The report of a played manifest as one HTML file: no script, no outside request, light and dark."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from node.manifests.account import PlayAccount, StepAccount
from node.manifests.picture import draw_picture
from node.manifests.play import Play
from node.manifests.quantities import format_duration
from node.manifests.sight import Sight, see

STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  background: light-dark(#fff, #14181e); color: light-dark(#1c2430, #e7ebf0); }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
.verdict { display: inline-block; padding: .15rem .6rem; border-radius: .3rem; font-weight: 600;
  color: #fff; background: #1a7f5a; } .verdict.bad { background: #c43d3d; }
figure { margin: 1.5rem 0; overflow-x: auto; } svg { width: 100%; min-width: 40rem; height: auto; }
.scroll { overflow-x: auto; } .scroll td:nth-child(3) { min-width: 9rem; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .7rem .3rem 0; vertical-align: top;
  border-bottom: 1px solid light-dark(#d7dde5, #39424f); }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.bad { color: light-dark(#c43d3d, #f07178); font-weight: 600; }
figcaption, .dim { color: light-dark(#5b6675, #97a2b1); }
""".strip()

HEADS_CAPTION = (
    " Each field of a node's row is one block as its head, in a colour of the block's own: nodes whose"
    " rows look alike are on the same branch."
)
CAPTION = (
    "Green: final blocks, for the network above and for each node below. Red: times in which nothing"
    " became final. Violet: links that were cut or slow; diamonds: changes of view. Grey bars: the"
    " process was down; yellow: it was paused. The numbers are those of the steps."
)


def write_report(path: Path, play: Play, account: PlayAccount) -> None:
    """Write it: the picture alone where the name ends in `.svg`, else a page; raises `OSError`."""
    sight = see(play)
    title = account.title or "A testnet"
    is_picture = path.suffix.lower() == ".svg"
    text = draw_picture(sight, title) if is_picture else draw_page(sight, account, play)
    path.write_text(text + "\n", encoding="utf-8")


def draw_page(sight: Sight, account: PlayAccount, play: Play) -> str:
    """The page as a text."""
    title = escape(account.title or "A testnet")
    manifest, verdict = play.manifest, account.verdict
    badge = (
        '<p class="verdict">everything held</p>'
        if account.is_good
        else '<p class="verdict bad">not everything held</p>'
    )
    network = f"{manifest.engine}, {manifest.nodes} validators"
    network += f", {manifest.followers} followers" if manifest.followers else ""
    has_heads = any(lane.heads for lane in sight.lanes)
    facts = {
        "network": network,
        "seconds": f"{account.duration_ms / 1_000:.1f}",
        "final transactions": f"{verdict.final:,}",
        "transactions a second": f"{verdict.tx_per_second:,.1f}",
        "latency p50, p95, p99": ", ".join(
            "–" if ms is None else format_duration(ms) for ms in verdict.latency_ms.values()
        ),
        "longest time without a final block": format_duration(account.longest_gap_ms),
        "changes of view": str(account.view_changes),
        "reorganisations": str(account.reorganisations),
        "failed, dropped, lost": f"{verdict.failed}, {verdict.dropped}, {verdict.lost}",
        "height in the end": f"{verdict.height:,}",
    }
    return "\n".join(
        [
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title><style>{STYLE}</style></head><body>",
            f"<h1>{title}</h1>{badge}",
            *(f"<p>{escape(part)}</p>" for part in manifest.about.strip().split("\n\n") if part),
            f"<figure>{draw_picture(sight, account.title or 'A testnet')}",
            f"<figcaption>{CAPTION}{HEADS_CAPTION if has_heads else ''}</figcaption></figure>",
            "<h2>What happened</h2>",
            draw_table(STEP_HEADS, map(list_cells, account.steps)),
            "<h2>What was expected</h2>",
            draw_table(
                ("", "wanted", "got", ""),
                ((f.what, f.wanted, f.got, "yes" if f.is_met else "!no") for f in account.findings),
            ),
            "<h2>Figures</h2>",
            draw_table(("", ""), facts.items()),
            "</body></html>",
        ]
    )


STEP_HEADS = ("#", ">at", "step", "outcome", ">next final", ">gap", ">views", "detail")


def list_cells(step: StepAccount) -> tuple[str, ...]:
    """A row of the table of steps."""
    is_bad = step.outcome not in {"done", "met"}
    what = f"{step.what} — {step.say}" if step.say else step.what
    return (
        str(step.number),
        f">{format_duration(step.at_ms)}",
        what,
        f"!{step.outcome}" if is_bad else step.outcome,
        f">{show(step.next_final_ms)}",
        f">{show(step.gap_ms)}",
        f">{'' if step.view_changes is None else step.view_changes}",
        step.detail,
    )


def show(time_ms: int | None) -> str:
    """A time, or nothing where none was measured."""
    return "" if time_ms is None else format_duration(time_ms)


def draw_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; `>` before a text moves it to the right, `!` makes it stand out."""
    lines = ["".join(draw_cell(head, "th") for head in heads)]
    lines += ["".join(draw_cell(cell, "td") for cell in row) for row in rows]
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="scroll"><table>{body}</table></div>'


def draw_cell(text: str, tag: str) -> str:
    """One cell."""
    kinds = {">": "n", "!": "bad"}
    if text[:1] in kinds:
        return f'<{tag} class="{kinds[text[0]]}">{escape(text[1:])}</{tag}>'
    return f"<{tag}>{escape(text)}</{tag}>"
