"""View models: plain functions from the node's answers to what is shown."""

import pytest

from consensus.fork_measures import Branch, ForkMeasures
from ledger.address import encode_address
from ledger.leaves import CastVote, MembershipState, Scheduled
from node.api.backend import (
    ForksView,
    TransactionStatus,
    TransactionView,
    TreeBlockView,
    ValidatorView,
    VotesView,
)
from node.diagnosis.facts import Member, Presence
from node.diagnosis.finding import Code, Finding, Severity
from node.pulse import Sample, Span
from node.stories import Chapter, Turn
from node.web.views.blocks import BlockFacts, make_rows, name_author
from node.web.views.charts import HEIGHT, WIDTH, draw, make_charts
from node.web.views.forks import choose_lanes, draw_tree, make_fork_page
from node.web.views.headline import make_headline
from node.web.views.transactions import sum_up, tell_life
from node.web.views.validators import make_committee

KEYS = tuple(bytes([number]) * 32 for number in range(4))


def facts(height: int, votes: VotesView | None = None, proposer: int = 0) -> BlockFacts:
    return BlockFacts(
        height=height,
        id=f"{height:064x}",
        parent=f"{height - 1:064x}",
        timestamp_ms=1_000 * height + 500,
        author=name_author(KEYS[proposer], KEYS),
        transaction_count=1,
        failed_count=0,
        skipped_count=0,
        votes=votes or VotesView(),
    )


class TestBlocks:
    def test_a_row_tells_how_settled_a_block_is_and_what_time_passed(self) -> None:
        rows = make_rows([facts(3), facts(2), facts(1)], final_height=2, certified_height=1)
        assert [row.standing for row in rows] == ["adopted", "final", "certified"]
        assert [row.gap_ms for row in rows] == [1_000, 1_000, None]

    def test_no_time_is_told_since_the_genesis(self) -> None:
        assert [row.gap_ms for row in make_rows([facts(1), facts(0)], 1, 0)] == [None, None]

    def test_authors_are_members_strangers_or_nobody(self) -> None:
        member, stranger = name_author(KEYS[2], KEYS), name_author(b"\x09" * 32, KEYS)
        assert member is not None
        assert stranger is not None
        assert (member.name, stranger.name) == ("validator-2", "")
        assert stranger.address == encode_address(b"\x09" * 32)
        assert name_author(b"", KEYS) is None


def validator(number: int) -> ValidatorView:
    return ValidatorView(number, f"validator-{number}", KEYS[number], number == 0, False, True)


def standing(number: int, presence: Presence) -> Member:
    return Member(number, f"validator-{number}", presence, 0)


class TestCommittee:
    def test_seals_with_votes_make_a_grid(self) -> None:
        votes = VotesView(view=0, voters=(0, 1, 2))
        standings = [standing(0, Presence.SELF), standing(1, Presence.SILENT)]
        view = make_committee(
            [validator(0), validator(1), validator(3)],
            standings,
            MembershipState(KEYS, (0, 1, 3), 1),
            [facts(1, votes), facts(2, votes, proposer=1)],
        )
        marks = [[cell.mark for cell in one.cells] for one in view.members]
        assert marks == [["led-voted", "voted"], ["voted", "led-voted"], ["absent", "absent"]]
        assert [(one.voted, one.led) for one in view.members] == [(2, 1), (2, 1), (0, 0)]
        assert [one.link for one in view.members] == ["this node", "silent", "no link"]
        assert view.heights == (1, 2)
        assert view.seals_bear_votes

    def test_a_leader_without_a_vote_in_the_seal_led_all_the_same(self) -> None:
        votes = VotesView(view=0, voters=(1, 2, 3))
        view = make_committee([validator(0)], [], MembershipState(KEYS, (0,), 0), [facts(1, votes)])
        assert view.members[0].cells[0].text == "led"

    def test_seals_without_votes_name_who_led_and_certificates_who_signed(self) -> None:
        led = VotesView(view=3, leader=1, voters=None, signers=(0, 1))
        view = make_committee(
            [validator(0), validator(1), validator(2)],
            [],
            MembershipState(KEYS, (0, 1, 2), 1),
            [facts(1, led, proposer=1)],
        )
        assert [one.cells[0].mark for one in view.members] == ["signed", "led", "nothing"]
        assert not view.seals_bear_votes
        assert view.has_seals

    def test_without_seals_it_tells_who_made_a_block(self) -> None:
        view = make_committee([validator(0)], [], MembershipState(KEYS, (0,), 0), [facts(1)])
        assert view.members[0].cells[0].text == "made it"
        assert not view.has_seals

    def test_changes_and_votes_are_told_in_words(self) -> None:
        cast = CastVote(voter=2, add=KEYS[3], remove=KEYS[0], faults=1)
        membership = MembershipState(
            KEYS, (0,), 0, scheduled=Scheduled(64, (0, 1), 0), votes=(cast,)
        )
        view = make_committee([], [], membership, [])
        assert view.next_text == "above height 64: validator-0, validator-1, for 0 faults"
        added, removed = encode_address(KEYS[3]), encode_address(KEYS[0])
        assert view.votes == (
            f"validator-2 wants {added} added and {removed} removed, for 1 faults",
        )


def told(*turns: Turn) -> tuple[Chapter, ...]:
    return tuple(Chapter(turn, 1_000 + 10 * number) for number, turn in enumerate(turns))


def view_of(
    status: TransactionStatus, *turns: Turn, height: int | None = None, reason: str | None = None
) -> TransactionView:
    return TransactionView(b"\x01" * 32, status, reason, height=height, story=told(*turns))


class TestLife:
    def test_what_is_pending_has_a_way_before_it(self) -> None:
        view = view_of(TransactionStatus.PENDING, Turn.SUBMITTED, Turn.GOSSIPED)
        life = tell_life(view, has_branches=False)
        assert [(step.name, step.state) for step in life] == [
            ("submitted", "done"),
            ("gossiped", "done"),
            ("proposed", "waiting"),
            ("included", "waiting"),
            ("final", "waiting"),
        ]
        assert [step.after_ms for step in life[:2]] == [0, 10]
        assert "proposed" not in {step.name for step in tell_life(view, has_branches=True)}

    def test_a_final_one_tells_how_long_it_took(self) -> None:
        view = view_of(TransactionStatus.FINAL, Turn.SUBMITTED, Turn.PROPOSED, Turn.FINAL, height=3)
        life = tell_life(view, has_branches=False)
        assert [step.name for step in life] == ["submitted", "proposed", "included and final"]
        assert sum_up(view, life).endswith("That took 20 ms here.")

    def test_what_returned_waits_again(self) -> None:
        view = view_of(TransactionStatus.PENDING, Turn.SUBMITTED, Turn.INCLUDED, Turn.RETURNED)
        states = [(step.name, step.state) for step in tell_life(view, has_branches=True)]
        assert states[-3:] == [
            ("returned", "failed"),
            ("included", "waiting"),
            ("final", "waiting"),
        ]

    def test_one_that_failed_says_so(self) -> None:
        view = view_of(
            TransactionStatus.FAILED, Turn.FINAL, height=3, reason="tx-insufficient-funds"
        )
        (step,) = tell_life(view, has_branches=False)
        assert step.state == "failed"
        assert "Reason: tx-insufficient-funds." in sum_up(view, (step,))

    def test_of_one_that_is_not_remembered_the_ledger_tells(self) -> None:
        (step,) = tell_life(view_of(TransactionStatus.FINAL, height=9), has_branches=False)
        assert (step.name, step.height, step.at_ms) == ("final", 9, None)
        life = tell_life(view_of(TransactionStatus.INCLUDED, height=9), has_branches=True)
        assert [step.name for step in life] == ["included", "final"]


def block(name: int, parent: int, height: int, *, adopted: bool = True) -> TreeBlockView:
    return TreeBlockView(bytes([name]) * 32, bytes([parent]) * 32, height, 0, b"", adopted)


TREE = [
    block(1, 0, 1),
    block(2, 1, 2),
    block(12, 1, 2, adopted=False),
    block(22, 1, 2, adopted=False),
    block(3, 2, 3),
    block(13, 12, 3, adopted=False),
]


class TestForks:
    def test_branches_lie_in_lanes_of_their_own(self) -> None:
        lanes = choose_lanes(TREE)
        assert [lanes[bytes([name]) * 32] for name in (1, 2, 3, 12, 13, 22)] == [0, 0, 0, 1, 1, 2]

    def test_the_drawing_leads_every_block_to_its_parent(self) -> None:
        tree = draw_tree(TREE, final_height=1, keys=())
        assert [dot.standing for dot in tree.dots] == [
            "final", "adopted", "side", "side", "adopted", "side",
        ]  # fmt: skip
        assert len(tree.edges) == 5
        assert all(edge.x1 > edge.x2 for edge in tree.edges)
        assert len({(dot.x, dot.y) for dot in tree.dots}) == len(TREE)
        assert max(dot.x for dot in tree.dots) < tree.width
        assert max(dot.y for dot in tree.dots) < tree.height
        assert tree.summary == "Heights 1 to 3, with 3 blocks beside the adopted branch."

    def test_an_empty_tree_has_a_word_too(self) -> None:
        assert draw_tree([], 0, ()).summary == "No block is here yet."

    def test_the_page_tells_what_the_engine_measures(self) -> None:
        measures = ForkMeasures(
            branches=(Branch(b"\x01" * 32, 9, 9, 5, is_adopted=True, is_stored=True),
                      Branch(b"\x02" * 32, 8, 6, 4, is_adopted=False, is_stored=False)),
            stale_blocks=2, fork_rates={100: 0.1}, reorganisations={2: 1}, orphans=0, difficulty=5,
            hash_rate_per_s=None, interval_ms=None, finality_ms=None,
        )  # fmt: skip
        page = make_fork_page(ForksView(measures, 0, 0, 1, 1), TREE, 1, KEYS)
        assert [branch.length for branch in page.branches] == [0, 2]
        assert page.reorganisations == ((2, 1),)
        assert page.fork_rates == ((100, 0.1),)


def sample(at_s: int, rate: float, p50_ms: float | None = None) -> Sample:
    return Sample(at_s * 1_000, at_s, at_s, 0, rate, 1.0, p50_ms, p50_ms)


class TestCharts:
    def test_lines_fit_their_box_and_break_where_nothing_was_measured(self) -> None:
        stretches = draw([0, 1_000, 2_000], [0.0, None, 10.0], 10.0, Span.MINUTES)
        assert stretches == ("598.0,160.0", "600.0,0.0")
        full = draw(range(0, 600_000, 1_000), [5.0] * 600, 10.0, Span.MINUTES)[0].split()
        assert {point.split(",")[1] for point in full} == {f"{HEIGHT / 2:.1f}"}
        assert all(0 <= float(point.split(",")[0]) <= WIDTH for point in full)

    def test_charts_say_in_words_what_they_show(self) -> None:
        samples = [sample(1, 5.0, 20.0), sample(2, 2.5)]
        view = make_charts(samples, Span.MINUTES, ("throughput", "latency"))
        throughput, latency = view.charts
        assert throughput.summary == ("transactions: 2.5 a second at last, 5.0 a second at most.")
        assert latency.summary.startswith("median: 20 ms at last")
        assert latency.names == ("p50_ms", "p95_ms")

    def test_without_samples_there_is_an_empty_chart(self) -> None:
        view = make_charts([], Span.DAY)
        assert [chart.key for chart in view.charts] == [
            "throughput",
            "latency",
            "blocks",
            "pending",
        ]
        assert view.charts[0].summary == "Nothing was measured in the last day."
        assert view.charts[0].lines[0].stretches == ()


def finding(severity: Severity, text: str, since_ms: int | None = None) -> Finding:
    code = Code.QUORUM_UNREACHABLE if severity is Severity.FAULT else Code.MOVING
    return Finding(code=code, severity=severity, text=text, advice="do this", since_ms=since_ms)


class TestHeadline:
    def test_the_first_finding_is_the_headline(self) -> None:
        fault = finding(Severity.FAULT, "two of four are missing", 65_000)
        headline = make_headline([fault, finding(Severity.INFO, "It follows.")], ())
        assert headline.first.text == "Two of four are missing."
        assert (headline.first.tone, headline.first.since) == ("bad", "for 1 min 5 s")
        assert [one.text for one in headline.others] == ["It follows."]
        assert headline.said == "Quorum unreachable"

    def test_alarms_come_before_everything(self) -> None:
        headline = make_headline([finding(Severity.OK, "moves", 1)], ("equivocation",))
        assert headline.first.text == headline.said == "Safety alarm: equivocation."
        assert (headline.others[0].tone, headline.others[0].since) == ("good", "")

    @pytest.mark.parametrize("severity", Severity)
    def test_every_severity_has_a_tone(self, severity: Severity) -> None:
        assert make_headline([finding(severity, "so")], ()).first.tone
