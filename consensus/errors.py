"""The error tree of the consensus package.

An engine never raises on what a peer says: it answers `Ignore` with a named refusal. What is raised
here is for the caller that sets an engine up or decodes bytes for it.
"""


class ConsensusError(Exception):
    """Root of the package's errors; `reason` is stable and machine-readable."""

    reason = "consensus-error"


class BoundError(ConsensusError):
    """A configuration outside the bound of the engine's theorem."""

    reason = "outside-bound"


class UnknownEngineError(ConsensusError):
    """No engine of that name stands in the catalog."""

    reason = "unknown-engine"


class ContractError(ConsensusError):
    """The engine asks for a part of the contract that its host does not serve."""

    reason = "contract-unserved"


class ParameterError(ConsensusError):
    """An engine parameter is missing, unknown, or out of its range."""

    reason = "bad-engine-parameter"


class ModelError(ConsensusError):
    """A world or an assumption that cannot be: a negative bound, an edge to nowhere."""

    reason = "bad-model"


class DecodeError(ConsensusError):
    """Bytes that are not the canonical encoding of what they should be."""

    reason = "bad-encoding"
