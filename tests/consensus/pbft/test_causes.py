"""Why a view is left is counted under one cause each."""

from collections.abc import Callable
from typing import Any

import pytest

from consensus import catalog
from consensus.events import Pending
from consensus.pbft.causes import Cause
from tests.consensus.pbft.bench import Bench, make_bench, new_view, standing, view_change

VALUE = b"value"


def silent_primary() -> Bench:
    bench = make_bench(me=2)
    bench.feed(Pending(some=True))
    bench.elapse("progress")
    bench.hear(3, standing(suspects=True))
    return bench


def censor() -> Bench:
    bench = make_bench(me=2)
    bench.hear(3, standing(suspects=True))
    bench.feed(Pending(some=True, overdue=True))
    return bench


def censor_that_falls_silent() -> Bench:
    bench = make_bench(me=2)
    bench.feed(Pending(some=True, overdue=True))
    bench.elapse("progress")
    bench.hear(3, standing(suspects=True))
    return bench


def others() -> Bench:
    bench = make_bench(me=2)
    bench.votes(view_change(0, 1), view_change(3, 1))
    return bench


def opened_by_others() -> Bench:
    bench = make_bench(me=2)
    bench.hear(1, new_view(1, *[view_change(r, 1) for r in (0, 1, 3)]))
    return bench


SITUATIONS: dict[Cause, Callable[[], Bench]] = {
    Cause.PRIMARY_SILENT: silent_primary,
    Cause.PRIMARY_CENSORS: censor,
    Cause.OTHERS_LEFT: others,
    Cause.BROUGHT_ALONG: opened_by_others,
}


def causes(bench: Bench) -> dict[str, Any]:
    return dict(catalog.get("pbft").account(bench.engine).causes)


@pytest.mark.parametrize("cause", SITUATIONS)
def test_each_cause_is_told_by_the_account(cause: Cause) -> None:
    assert causes(SITUATIONS[cause]()) == {cause.value: 1}


def test_a_primary_that_decides_nothing_any_more_is_silent_whatever_it_did_before() -> None:
    assert causes(censor_that_falls_silent()) == {Cause.PRIMARY_SILENT.value: 1}


def test_a_view_that_is_not_opened_in_time_is_left_for_that() -> None:
    bench = others()
    bench.votes(*(view_change(r, 1) for r in (0, 1, 3)))
    bench.elapse("progress")
    assert bench.standing == ("voter", 2, "view-change")
    assert causes(bench) == {Cause.OTHERS_LEFT.value: 1, Cause.VIEW_NOT_OPENED.value: 1}


def test_the_view_that_was_asked_for_is_entered_without_another_cause() -> None:
    bench = others()
    bench.hear(1, new_view(1, *[view_change(r, 1) for r in (0, 1, 3)]))
    assert bench.standing == ("voter", 1, "normal")
    assert causes(bench) == {Cause.OTHERS_LEFT.value: 1}


def test_nothing_is_left_in_good_times() -> None:
    bench = make_bench(me=2)
    bench.decide(1, VALUE)
    assert causes(bench) == {}
