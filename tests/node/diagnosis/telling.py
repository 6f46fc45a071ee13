"""What simulated hosts would answer over HTTP, for conclusions about networks."""

import dataclasses

from node.api.node_models import (
    EngineAnswer,
    FindingAnswer,
    ForksAnswer,
    StandingAnswer,
    StatusAnswer,
)
from node.diagnosis.diagnose import diagnose
from node.diagnosis.network import Told
from tests.node.diagnosis.bench import Bench
from tests.node.fake_network import make


def tell(bench: Bench, place: int) -> Told:
    """What one host says; nothing if it is down or paused."""
    host = bench.cluster.hosts[place]
    bare = Told(f"validator-{place}", f"http://fake/{place}")
    if not host.is_up or host.is_paused:
        return dataclasses.replace(bare, condition="paused" if host.is_paused else "down")
    facts = bench.gather(host)
    account, findings = facts.account, diagnose(facts)
    engine = EngineAnswer(
        engine=bench.spec.name,
        replica=facts.me,
        phase=account.phase,
        view=account.view,
        leader=None,
        height=account.height,
        waiting_for=account.waiting_for,
        needed=account.needed,
        heard=[f"validator-{replica}" for replica in account.heard],
        silent=[],
        in_phase_ms=facts.phase_ms,
        quorum=facts.quorum,
        headline=findings[0].text,
        findings=[FindingAnswer.model_validate(finding) for finding in findings],
        members=[StandingAnswer.model_validate(member) for member in facts.members],
        counters={},
    )
    if facts.tree is not None:
        engine = engine.model_copy(update={"forks": make(ForksAnswer)})
    final = host.height if facts.tree is None else 0
    status = make(StatusAnswer, name="", head_height=host.height, final_height=final)
    return dataclasses.replace(bare, status=status, engine=engine)


def tell_all(bench: Bench) -> list[Told]:
    """What all say."""
    return [tell(bench, place) for place in bench.cluster.hosts]
