"""What was measured of block trees, drawn over the curves of theory: a page that stands alone."""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction

from consensus.engine_spec import TreeRules
from consensus.simulation.drawing.look import PALETTE
from consensus.simulation.drawing.markup import tag, text
from consensus.simulation.drawing.page import draw_document
from consensus.simulation.drawing.plot import Dot, Plot, Series
from consensus.simulation.forks import DOUBLE_SPEND, FORKS, SELFISH_MINING, Measured

STEPS = 48
RARE = 1e-5
"""Chances below are at the lower edge."""
STYLE = (
    ":root{color-scheme:light dark;--ink:#1c1c1a;--faint:#e4e4df;--page:#fcfcfb}"
    "@media (prefers-color-scheme:dark){:root{--ink:#ececea;--faint:#2c2e32;--page:#161719}}"
    "body{margin:20px;background:var(--page);color:var(--ink);"
    "font:14px/1.45 system-ui,'Segoe UI',Helvetica,Arial,sans-serif}"
    ".plots{display:flex;flex-wrap:wrap;gap:24px}h1{font-size:20px;margin:0 0 4px}"
    "svg{max-width:100%;height:auto}svg text{font-size:12px;fill:var(--ink)}"
    "svg .title{font-size:14px;font-weight:600}.axis line{stroke:var(--faint)}"
    ".curve{fill:none;stroke:currentColor;stroke-width:1.6}"
    ".reference .curve{stroke-dasharray:5 4;opacity:.6}"
    ".whisker{stroke:currentColor;stroke-width:1.4;fill:none}"
    ".dot circle{fill:currentColor}.dot.far{color:#c4122f}"
    + "".join(
        f".s{number}{{color:{light}}}"
        f"@media (prefers-color-scheme:dark){{.s{number}{{color:{dark}}}}}"
        for number, (light, dark) in enumerate(PALETTE)
    )
)


def draw_forks(engine: str, rules: TreeRules, measured: Sequence[Measured]) -> str:
    """The page: one plot for each measure of which there is anything."""
    makers = {
        FORKS: make_fork_plot,
        DOUBLE_SPEND: make_double_spend_plot,
        SELFISH_MINING: make_selfish_plot,
    }
    plots = [
        make(rules, some).draw()
        for name, make in makers.items()
        if (some := [found for found in measured if found.measure == name])
    ]
    title = f"{engine}: forks and attacks, measured and in theory"
    agreeing = sum(found.agrees for found in measured)
    words = (
        f"Lines are theory, dots are simulated with their 99 % intervals; theory lies within "
        f"{agreeing} of {len(measured)} of them. Point at a dot to read its numbers."
    )
    drawings = tag("div", *plots, class_="plots")
    return draw_document(title, STYLE, tag("h1", text(title)), tag("p", text(words)), drawings)


def make_fork_plot(_rules: TreeRules, measured: Sequence[Measured]) -> Plot:
    """Fork rate over the ratio of delay and interval."""
    last = max(found.numbers[0] for found in measured) * 1.2
    xs = [last * step / STEPS for step in range(STEPS + 1)]
    series = Series(
        "1 − exp(−D/T)", [(x, 1 - math.exp(-x)) for x in xs], make_dots(measured, axis=0)
    )
    return Plot("Heights with several blocks", "delay D over interval T", "share", [series])


def make_double_spend_plot(rules: TreeRules, measured: Sequence[Measured]) -> Plot:
    """Chance of a reversal over the confirmations, one curve for each share of the work."""
    series = []
    depths = range(1, max(2, *(int(found.numbers[1]) for found in measured)) + 1)
    for share in list_numbers(measured, 0):
        of = [found for found in measured if found.numbers[0] == share]
        exact = to_fraction(share)
        curve = [(float(z), float(rules.compute_reversal(z, exact))) for z in depths]
        series.append(Series(f"q = {share:g}", curve, make_dots(of, axis=1)))
    lowest = min(y for some in series for _, y in some.curve)
    return Plot(
        "Double spends that succeed",
        "confirmations z",
        "chance",
        series,
        is_logarithmic=True,
        y_min=max(lowest / 3, RARE),
    )


def make_selfish_plot(rules: TreeRules, measured: Sequence[Measured]) -> Plot:
    """Revenue over the share of the work, one curve for each gamma, beside honest revenue."""
    shares = [Fraction(step, 100) for step in range(10, 50)]
    series = []
    for gamma in list_numbers(measured, 1):
        of = [found for found in measured if found.numbers[1] == gamma]
        exact = to_fraction(gamma)
        curve = [(float(q), float(rules.compute_selfish(q, exact))) for q in shares]
        series.append(Series(f"gamma = {gamma:g}", curve, make_dots(of, axis=0)))
    honest = Series("honest", [(float(q), float(q)) for q in shares], is_reference=True)
    return Plot("Selfish mining", "share of all work", "share of the blocks", [*series, honest])


def make_dots(measured: Iterable[Measured], axis: int) -> list[Dot]:
    """Dots, with the number on one axis across."""
    return [
        Dot(
            found.numbers[axis],
            found.measured,
            found.low,
            found.high,
            f"{found.case}: {found.measured:.5f} in [{found.low:.5f}, {found.high:.5f}], "
            f"theory {found.theory:.5f}, {found.trials:,} trials",
            is_far=not found.agrees,
        )
        for found in measured
    ]


def list_numbers(measured: Iterable[Measured], index: int) -> list[float]:
    """The different values of one of the numbers, in order."""
    return sorted({found.numbers[index] for found in measured})


def to_fraction(value: float) -> Fraction:
    """The short decimal that a number was."""
    return Fraction(value).limit_denominator(10_000)
