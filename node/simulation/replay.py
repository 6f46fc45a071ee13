"""The command that runs one seed of a request again, as a shell takes it."""

import shlex

from consensus.simulation.request import Request

_PLAIN = Request()


def tell_replay(request: Request, seed: int) -> str:
    """`quorate simulate … --seed N --trace`; what is at its default is left out."""
    return shlex.join(
        ["quorate", "simulate", *tell_options(request), "--seed", str(seed), "--trace"]
    )


def tell_options(request: Request) -> list[str]:
    """Engine and size always, and whatever else makes this request another one."""
    words = ["--engine", request.engine, "--nodes", str(request.nodes)]
    if request.f is not None:
        words += ["--f", str(request.f)]
    if request.timing != _PLAIN.timing:
        words += ["--timing", request.timing.value]
    if request.faults:
        words += ["--faults", ",".join(request.faults)]
    if request.faulty is not None:
        words += ["--faulty", str(request.faulty)]
    if request.beyond_bound:
        words += ["--beyond-bound"]
    if request.application != _PLAIN.application:
        words += ["--application", request.application]
    if request.duration_ms != _PLAIN.duration_ms:
        words += ["--duration", str(request.duration_ms / 1_000)]
    for name, value in sorted(request.parameters.items()):
        words += ["--parameter", f"{name}={value}"]
    return words
