"""Scenario files: what happens, in words, and the trace that it leaves.

    # Comments say what the scenario shows.
    cluster pbft n=4 timeout_ms=600

    submit a
    run 100
    ----
          0   0 send      all PrePrepare            1   0 …

A file opens with one `cluster` line: engine, `n`, optional `f`, `followers`, `seed`, `delay`,
`changing` (1: the committee may change), and engine parameters. Then come blocks: commands (the verbs of `stage`), one per line, a line of
dashes, and what they print up to the next empty line. `play` returns the file with every block's
print replaced by the real one, so a file is right exactly if playing leaves it alone.

A broken promise is printed as `violated PROPERTY: …`; commands after it do nothing.
"""

from collections.abc import Iterator

from consensus.errors import ConsensusError
from consensus.simulation.application import MakeApplication
from consensus.simulation.cluster import Cluster, make_cluster
from consensus.simulation.history import ViolationError
from consensus.simulation.links import Quality
from consensus.simulation.stage import Stage
from consensus.simulation.words import ScenarioError, parse_number, parse_pairs, parse_range

RULE = "----"
CLUSTER_WORDS = frozenset({"n", "f", "followers", "seed", "delay", "changing"})
SIZE_MAX = 256


def play(text: str) -> str:
    """The same file with the prints that its commands really make; raises `ScenarioError`."""
    lines = enumerate(text.splitlines(), start=1)
    result: list[str] = []
    stage: Stage | None = None
    over = False
    for number, line in lines:
        result.append(line)
        command = line.split("#")[0].strip()
        try:
            if line == RULE:
                stage = demand_stage(stage)
                result.extend([*stage.printed, ""])
                stage.printed.clear()
                skip_block(lines)
            elif command.startswith("cluster "):
                stage = Stage(open_cluster(command, is_traced=True))
                stage.read = len(stage.cluster.trace.entries) if stage.cluster.trace else 0
            elif command and not over:
                over = not do(demand_stage(stage), command)
        except ConsensusError as error:
            raise ScenarioError(f"line {number}: {error}") from error
    return "\n".join(result).rstrip("\n") + "\n"


def demand_stage(stage: Stage | None) -> Stage:
    """There is a cluster."""
    if stage is None:
        raise ScenarioError("a scenario opens with a cluster line")
    return stage


def do(stage: Stage, command: str) -> bool:
    """One command; False if it broke a promise, which is printed."""
    try:
        stage.do(command)
    except ViolationError as violation:
        stage.print_trace()
        stage.printed.append(f"violated {violation.property_name}: {violation.detail}")
        return False
    return True


def skip_block(lines: Iterator[tuple[int, str]]) -> None:
    """Pass over an old print."""
    for _, line in lines:
        if not line.strip():
            return


def open_cluster(
    line: str, *, is_traced: bool = False, make_application: MakeApplication | None = None
) -> Cluster:
    """The cluster that a `cluster` line describes, started; raises `ConsensusError`."""
    verb, *words = line.split()
    if verb != "cluster" or not words:
        raise ScenarioError(f"cluster ENGINE [key=value …] is wanted, not {line!r}")
    pairs = parse_pairs(words[1:])
    least_ms, most_ms = parse_range(pairs.pop("delay", "5"))
    numbers = {key: parse_number(value) for key, value in pairs.items()}
    size = numbers.get("n", 4)
    if not 1 <= size <= SIZE_MAX:
        raise ScenarioError(f"n is 1 to {SIZE_MAX}, not {size}")
    cluster = make_cluster(
        words[0],
        size,
        faults=numbers.get("f"),
        followers=numbers.get("followers", 0),
        seed=numbers.get("seed", 0),
        quality=Quality(least_ms, most_ms),
        parameters={key: value for key, value in numbers.items() if key not in CLUSTER_WORDS},
        make_application=make_application,
        is_traced=is_traced,
        is_changing=bool(numbers.get("changing", 0)),
    )
    cluster.start()
    return cluster
