"""The verbs of a manifest: what can be done to a running network, and what can be expected of it.

The words are those of `quorate testnet` and, where they mean the same, of the simulator's scenarios.
Times are in milliseconds once they are read.
"""

from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from node.manifests.quantities import Duration, Rate, format_duration

Index: TypeAlias = Annotated[int, Field(ge=0, lt=128, strict=True)]
Choice: TypeAlias = Literal["leader", "random", "all", "down", "paused"]
CHOICES: tuple[str, ...] = get_args(Choice)


def parse_nodes(value: object) -> object:
    """One number or a list of them, or a word; raises `ValueError` for anything else."""
    if isinstance(value, str):
        if value in CHOICES:
            return value
        raise ValueError(f"{value!r} names no nodes: write numbers, or one of {', '.join(CHOICES)}")
    numbers = value if isinstance(value, list) else [value]
    if not numbers or not all(type(one) is int and one >= 0 for one in numbers):
        raise ValueError("nodes are numbers from 0 up, as in `nodes = [0, 2]`")
    return tuple(numbers)


Nodes: TypeAlias = Annotated[
    tuple[Index, ...] | Choice,
    BeforeValidator(parse_nodes),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "array", "items": {"type": "integer", "minimum": 0}, "minItems": 1},
                {"enum": list(CHOICES)},
            ]
        }
    ),
]
"""Numbers of nodes, or whoever is meant at that moment: `leader` is whoever the nodes follow then,
`random` one that runs, drawn from the seed; `down` are those that were killed, `paused` those that
were paused."""

Link: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]+-[0-9]+$")]
"""The links between two nodes, both ways: `0-1`."""


class Step(BaseModel):
    """Something that happens at a time, counted from the start of the load."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: Duration
    say: str = Field("", max_length=200, description="For those who watch: why this is done.")

    def describe(self) -> str:
        """The step in a few words."""
        raise NotImplementedError


class Deed(Step):
    """Something that is done; `max_gap` bounds the time without a final block until the next one."""

    max_gap: Duration | None = None


class NodesDeed(Deed):
    """Something that is done to nodes."""

    nodes: Nodes

    def describe(self) -> str:
        """The verb and the nodes."""
        return f"{self.do} {describe_nodes(self.nodes)}"  # type: ignore[attr-defined]


class Kill(NodesDeed):
    """SIGKILL, as a power cut would."""

    do: Literal["kill"]


class Restart(NodesDeed):
    """Ends nodes if they run, and starts them again from their disks."""

    do: Literal["restart"]
    nodes: Nodes = "down"


class Pause(NodesDeed):
    """SIGSTOP: nodes keep their sockets and say nothing."""

    do: Literal["pause"]


class Resume(NodesDeed):
    """Lets paused nodes go on."""

    do: Literal["resume"]
    nodes: Nodes = "paused"


class Partition(Deed):
    """Cuts the network into groups, every node in one: `0,1/2,3`."""

    do: Literal["partition"]
    groups: str

    def describe(self) -> str:
        """The groups."""
        return f"partition {self.groups}"


class Heal(Deed):
    """Mends all links: none is cut, none is slow."""

    do: Literal["heal"]

    def describe(self) -> str:
        """One word."""
        return "heal"


class SlowLink(Deed):
    """Makes links slow both ways: those of some nodes, or those named, or all.

    Every byte comes `delay` later, and up to `jitter` more, in order; `rate` bounds what gets through
    each way.
    """

    do: Literal["slow-link"]
    nodes: Nodes | None = None
    links: tuple[Link, ...] = ()
    delay: Duration = 0
    jitter: Duration = 0
    rate: Rate | None = None

    def describe(self) -> str:
        """Which links, and how slow."""
        which = "all" if self.nodes is None else f"of {describe_nodes(self.nodes)}"
        which = ", ".join(self.links) or which
        times = {"delay": self.delay, "jitter": self.jitter}
        how = [f"{name} {format_duration(time)}" for name, time in times.items() if time]
        how += [] if self.rate is None else [f"rate {self.rate / 1_000:g}kB/s"]
        return " ".join(["slow-link", which, *how])


class AddValidator(Deed):
    """Makes a following node a validator, by votes; without `node` a new node is started first."""

    do: Literal["add-validator"]
    node: Index | None = None
    faults: Annotated[int, Field(ge=0)] | None = None

    def describe(self) -> str:
        """Which node."""
        return f"add-validator {'new node' if self.node is None else self.node}"


class RemoveValidator(Deed):
    """Makes a validator a follower, by votes; the node goes on."""

    do: Literal["remove-validator"]
    node: Index
    faults: Annotated[int, Field(ge=0)] | None = None

    def describe(self) -> str:
        """Which node."""
        return f"remove-validator {self.node}"


class Expect(Step):
    """What must hold at a time.

    `final`, `stalled`: in the last `over` something, or nothing, has become final; with `nodes`: each
    of them has had a newly final block, or none of them. `forked`: in the last `over` two nodes had different heads at one height. `agreed`: at the greatest
    height at which all nodes' heads were seen they are the same.
    """

    expect: Literal["final", "stalled", "forked", "agreed"]
    over: Duration = 3_000
    nodes: Nodes | None = None

    def describe(self) -> str:
        """What is expected, and of whom."""
        whom = "" if self.nodes is None else f" at {describe_nodes(self.nodes)}"
        if self.expect == "agreed":
            return "expect agreed"
        return f"expect {self.expect}{whom} over {format_duration(self.over)}"


def describe_nodes(nodes: tuple[int, ...] | str) -> str:
    """Numbers with commas, or the word."""
    return nodes if isinstance(nodes, str) else ",".join(map(str, nodes))


AnyDeed: TypeAlias = (
    Kill | Restart | Pause | Resume | Partition | Heal | SlowLink | AddValidator | RemoveValidator
)
DEEDS: dict[str, type[Deed]] = {
    get_args(kind.model_fields["do"].annotation)[0]: kind for kind in get_args(AnyDeed)
}
EXPECT = "expect"
NO_VERB = "(no verb)"


def name_verb(value: Any) -> str:
    """Which kind of step a table is: its `do`, or `expect`."""
    table = value if isinstance(value, dict) else dict(value)
    if EXPECT in table and "do" not in table:
        return EXPECT
    verb = table.get("do", NO_VERB)
    return verb if isinstance(verb, str) else NO_VERB


AnyStep: TypeAlias = Annotated[
    Annotated[Kill, Tag("kill")]
    | Annotated[Restart, Tag("restart")]
    | Annotated[Pause, Tag("pause")]
    | Annotated[Resume, Tag("resume")]
    | Annotated[Partition, Tag("partition")]
    | Annotated[Heal, Tag("heal")]
    | Annotated[SlowLink, Tag("slow-link")]
    | Annotated[AddValidator, Tag("add-validator")]
    | Annotated[RemoveValidator, Tag("remove-validator")]
    | Annotated[Expect, Tag(EXPECT)],
    Discriminator(name_verb),
]
