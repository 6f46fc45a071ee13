"""What a diagnosis says: findings with stable codes and plain sentences."""

from enum import StrEnum

import msgspec


class Severity(StrEnum):
    """How bad it is; the value is the text clients see."""

    FAULT = "fault"
    """It stands still, or must not be trusted, until somebody acts."""
    WARNING = "warning"
    """It goes on, but not as it should, or not for long."""
    OK = "ok"
    """All is well."""
    INFO = "info"
    """Worth knowing, neither good nor bad."""


class Code(StrEnum):
    """The names of all findings: kebab-case, and they never change their meaning."""

    MOVING = "moving"
    """Blocks come, or one is under way and not late."""
    IDLE = "idle"
    """At rest with nothing to do: no fault."""
    STARTING = "starting"
    """The engine has not begun yet."""
    STOPPING = "stopping"
    """The node is being closed."""
    DIVERGED = "diverged"
    """The others hold another irreversible block than this node."""
    QUORUM_UNREACHABLE = "quorum-unreachable"
    """So few validators are there that nothing can be decided."""
    PARTITIONED = "partitioned"
    """Few or none of the expected peers are linked, where that alone stops nobody from mining on."""
    LEADER_SILENT = "leader-silent"
    """Whoever leads says nothing that helps."""
    VIEW_CHANGING = "view-changing"
    """Another leader is being agreed on."""
    WAITING_FOR_VOTES = "waiting-for-votes"
    """A block is proposed and votes for it are missing."""
    NO_PROPOSALS = "no-proposals"
    """There is work, a leader that is there, and no proposal."""
    BODIES_MISSING = "bodies-missing"
    """What is to be executed or voted for has not been received in full."""
    NOT_IN_TIME = "not-in-time"
    """Messages or this process are slower than the engine assumes, and it abstains."""
    CATCHING_UP = "catching-up"
    """Others are ahead; what they have is being fetched."""
    NO_MINERS = "no-miners"
    """No block has been found for far longer than it should take."""
    OVERDUE = "overdue"
    """Blocks come, and pass over transactions that they should take."""
    MEMPOOL_FULL = "mempool-full"
    """New transactions are turned away for want of room."""
    MEMBER_UNREACHABLE = "member-unreachable"
    """A validator is not linked; the others can do without it."""
    MEMBER_SILENT = "member-silent"
    """A validator is linked and says nothing, as one that is paused or hangs."""
    LEADER_REPLACED = "leader-replaced"
    """Another leader has taken over of late."""
    OBSERVING = "observing"
    """This validator has lost its journal and does not vote."""
    NOT_A_MEMBER = "not-a-member"
    """This node follows: it verifies and serves, and has no vote."""
    COMMITTEE_CHANGING = "committee-changing"
    """Another committee is about to take office."""
    CLOCK_DRIFT = "clock-drift"
    """Clocks differ by more than they should."""
    LIAR_SEEN = "liar-seen"
    """There is proof that a validator broke the rules."""
    NODE_DOWN = "node-down"
    """Of a network: a node does not answer at all."""
    NODES_DISAGREE = "nodes-disagree"
    """Of a network: its nodes tell of themselves what cannot all be so."""
    LINKS_CUT = "links-cut"
    """Of a network: nodes that live do not reach each other."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is so, in words; `advice` is empty where there is nothing to do.

    `since_ms` is how long it has been so, in milliseconds, None where that is not known. `members`
    names whom it is about, such as "validator-2".
    """

    code: Code
    severity: Severity
    text: str
    advice: str = ""
    since_ms: int | None = None
    members: tuple[str, ...] = ()
