"""What is wrong with a behaviour as it was asked for."""

from consensus.errors import ConsensusError


class BehaviourError(ConsensusError):
    """A behaviour cannot be made from these arguments."""

    reason = "bad-behaviour"


class UnknownBehaviourError(BehaviourError):
    """No behaviour of that name is registered."""

    reason = "unknown-behaviour"
