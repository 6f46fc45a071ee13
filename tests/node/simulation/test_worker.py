import pickle
import subprocess
import sys
from pathlib import Path

import pytest

from consensus.simulation.request import Request
from consensus.simulation.schedule import Schedule
from consensus.simulation.words import ScenarioError
from node.simulation.worker import make_job, play, run

PLAIN = Request(duration_ms=300)
LEDGER = Request(duration_ms=300, application="ledger")


@pytest.mark.parametrize("request_", [PLAIN, LEDGER], ids=["bare", "ledger"])
def test_a_job_travels_and_does_the_same_elsewhere(request_: Request) -> None:
    job = make_job(request_)
    assert pickle.loads(pickle.dumps(job))(5) == job(5) == run(request_, 5)


def test_each_application_is_run() -> None:
    assert run(PLAIN, 5).digest != run(LEDGER, 5).digest
    with pytest.raises(ScenarioError, match="wallet"):
        play(Schedule("cluster pbft n=4", (), "wallet"))


TELL = """
from consensus.simulation.request import Request
from node.simulation.worker import run
for application in ("bare", "ledger"):
    print(run(Request(duration_ms=300, application=application), 5).digest)
"""


@pytest.mark.parametrize("hash_seed", ["1", "4242"])
def test_the_outcome_does_not_depend_on_the_process(root: Path, hash_seed: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", TELL],
        cwd=root,
        env={"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [run(PLAIN, 5).digest, run(LEDGER, 5).digest]
