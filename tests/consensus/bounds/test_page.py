"""Words and page: everything that was found is told, and the page stands alone."""

import re
from xml.etree import ElementTree

import msgspec
import pytest

from consensus.bounds.arguments import ALGORITHMS, ARGUMENTS, check_algorithm, list_jobs
from consensus.bounds.drawing.page import draw_page
from consensus.bounds.reports import ChainFound, Finding, Hexagon, Hiding
from consensus.bounds.telling import tell
from consensus.errors import UnknownEngineError


@pytest.fixture(scope="module")
def found() -> list[tuple[str, list[Finding]]]:
    """All of it, once."""
    jobs = list_jobs(tuple(ARGUMENTS), ALGORITHMS)
    return [(name, [job.make() for job in jobs if job.argument == name]) for name in ARGUMENTS]


def test_everything_is_shown(found: list[tuple[str, list[Finding]]]) -> None:
    assert all(finding.is_shown for _, findings in found for finding in findings)


def test_findings_survive_the_way_to_another_program(
    found: list[tuple[str, list[Finding]]],
) -> None:
    findings = [finding for _, some in found for finding in some]
    data = msgspec.json.encode(findings)
    assert msgspec.json.decode(data, type=list[Finding]) == findings


def test_the_page_stands_alone_and_is_well_formed(
    found: list[tuple[str, list[Finding]]],
) -> None:
    page = draw_page(found)
    root = ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>\n"))
    assert [head.get("id") for head in root.iter("h2")] == list(ARGUMENTS)
    links = re.findall(r'(?:href|src|action)="([^"]*)"|url\(([^)]*)\)', page)
    assert all((one or other).startswith("#") for one, other in links)
    outside = set(re.findall(r"https?://[^\"' <]+", page))
    assert outside == {"http://www.w3.org/2000/svg"}
    assert "default-src &#x27;none&#x27;" in page
    assert draw_page(found) == page


def test_each_execution_of_a_chain_is_a_column_and_each_ring_has_six_corners(
    found: list[tuple[str, list[Finding]]],
) -> None:
    page = draw_page(found)
    findings = [finding for _, some in found for finding in some]
    lengths = [len(one.chain) for one in findings if isinstance(one, ChainFound)]
    assert sorted(lengths) == [0, 9, 10, 44]
    links = re.findall(r"member \d cannot tell \d+ from \d+", page)
    assert len(links) == sum(max(length - 1, 0) for length in lengths)
    rings = [one for one in findings if isinstance(one, Hexagon)]
    assert page.count(">proposes ") == 6 * len(rings)


def test_what_breaks_and_what_holds_is_said(found: list[tuple[str, list[Finding]]]) -> None:
    lines = [line for _, findings in found for finding in findings for line in tell(finding)]
    told = "\n".join(lines)
    assert "n = 3, f = 1, 2 rounds: 200 executions" in told
    assert "no chain, all-0 is similar to 16 of them and not to all-1" in told
    assert "2 of its messages need signatures that nobody gave; nothing breaks" in told
    assert "NOT" not in told


def test_what_was_not_confirmed_is_said_too(found: list[tuple[str, list[Finding]]]) -> None:
    rings = [one for _, some in found for one in some if isinstance(one, Hexagon)]
    pairs = tuple(msgspec.structs.replace(pair, same=False) for pair in rings[0].pairs)
    doubtful = msgspec.structs.replace(rings[0], pairs=pairs)
    assert not doubtful.is_shown
    assert "NOT as in the ring" in "\n".join(tell(doubtful))


@pytest.mark.parametrize(
    ("rounds", "broken", "shown"),
    [(2, ("agreement",), True), (2, (), False), (3, (), True), (3, ("agreement",), False)],
)
def test_f_rounds_have_to_break_and_f_plus_one_must_not(
    rounds: int, broken: tuple[str, ...], *, shown: bool
) -> None:
    hiding = Hiding("flood-set", 4, 2, rounds, (0, 0, 1, 1), (), {}, broken)
    assert hiding.is_shown == shown


def test_a_search_that_finds_what_it_should_not_is_not_shown(
    found: list[tuple[str, list[Finding]]],
) -> None:
    searches = [one for _, some in found for one in some if isinstance(one, ChainFound)]
    none = next(one for one in searches if not one.chain)
    some = next(one for one in searches if one.chain)
    assert not msgspec.structs.replace(none, chain=some.chain).is_shown
    assert not msgspec.structs.replace(some, chain=()).is_shown


def test_chains_are_tried_on_crash_agreements_of_f_plus_one_rounds() -> None:
    assert all(map(check_algorithm, ALGORITHMS))
    assert not check_algorithm("phase-king")
    assert not check_algorithm("flood-set-short")
    with pytest.raises(UnknownEngineError):
        check_algorithm("pbft")
