"""All behaviours by name, and how a storm draws one.

Censorship is not here: leaving work out is a habit of whoever makes values, not of what is said.
"""

from collections.abc import Iterator, Mapping, Sequence

from consensus.simulation.byzantine.behaviour import Behaviour, Honest, Liar, MakeBehaviour
from consensus.simulation.byzantine.errors import BehaviourError, UnknownBehaviourError
from consensus.simulation.byzantine.faces import EveryFace, TwoFaced
from consensus.simulation.byzantine.forger import Forger
from consensus.simulation.byzantine.mutant import Mutant
from consensus.simulation.byzantine.parrot import Parrot
from consensus.simulation.byzantine.replayer import Replayer
from consensus.simulation.byzantine.saboteur import Saboteur
from consensus.simulation.byzantine.selective import Selective
from consensus.simulation.byzantine.silent import Silent
from consensus.simulation.byzantine.slow import Slow
from consensus.simulation.byzantine.stuttering import Stuttering
from consensus.simulation.byzantine.traitor import Traitor
from consensus.simulation.byzantine.usurper import Usurper
from consensus.simulation.byzantine.withholding import Withholding
from consensus.simulation.byzantine.wrong import WrongDigest, WrongHeight, WrongParts, WrongValue
from consensus.simulation.byzantine.wrong_view import WrongView
from consensus.simulation.chance import Chance

KINDS: Mapping[str, type[Honest]] = {
    "every-face": EveryFace,
    "forger": Forger,
    "honest": Honest,
    "mutant": Mutant,
    "parrot": Parrot,
    "replayer": Replayer,
    "saboteur": Saboteur,
    "selective": Selective,
    "silent": Silent,
    "slow": Slow,
    "stuttering": Stuttering,
    "traitor": Traitor,
    "two-faced": TwoFaced,
    "usurper": Usurper,
    "withholding": Withholding,
    "wrong-digest": WrongDigest,
    "wrong-height": WrongHeight,
    "wrong-parts": WrongParts,
    "wrong-value": WrongValue,
    "wrong-view": WrongView,
}

BEHAVIOURS: Mapping[str, MakeBehaviour] = {name: kind.make for name, kind in KINDS.items()}
"""name -> (liar, arguments) -> behaviour; `BehaviourError` for arguments it cannot read."""


def make_behaviour(name: str, liar: Liar, arguments: Sequence[str] = ()) -> Behaviour:
    """The behaviour called `name`; raises `UnknownBehaviourError`, or `BehaviourError`."""
    check_name(name)
    try:
        return BEHAVIOURS[name](liar, arguments)
    except BehaviourError as error:
        raise BehaviourError(f"{name}: {error}; usage: {show_usage(name)}") from error


def check_name(name: str) -> None:
    """Is there a behaviour of this name; raises `UnknownBehaviourError`."""
    if name not in BEHAVIOURS:
        known = ", ".join(BEHAVIOURS)
        raise UnknownBehaviourError(f"no behaviour {name!r}; there are: {known}")


def draw_behaviour(chance: Chance, allowed: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """One of the names allowed, and arguments for it. Raises `UnknownBehaviourError`."""
    for name in allowed:
        check_name(name)
    name = chance.choose(allowed)
    return name, chance.choose(KINDS[name].draws)


def show_usage(name: str) -> str:
    """The name with its arguments."""
    return f"{name} {KINDS[name].usage}".rstrip()


def describe_behaviours() -> Iterator[tuple[str, str]]:
    """(usage, first sentence of what it does) of every behaviour, by name."""
    for name, kind in KINDS.items():
        yield show_usage(name), (kind.__doc__ or "").partition("\n")[0]
