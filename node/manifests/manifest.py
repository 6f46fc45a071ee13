"""A manifest: the network, the load, the steps and what is expected, as one TOML file says it.

    title = "Two against two"
    engine = "pbft"
    nodes = 4
    duration = "30s"

    [load]
    rate = 40

    [[step]]
    at = "8s"
    do = "partition"
    groups = "0,1/2,3"

    [[step]]
    at = "14s"
    expect = "stalled"

    [[step]]
    at = "15s"
    do = "heal"
    max_gap = "5s"

When `duration` is over, the load stops, all links are mended, whoever is paused goes on, whoever is
down is started, and all nodes must come to hold the same final block with nothing lost.
"""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from consensus import catalog
from node.manifests.quantities import Duration
from node.manifests.steps import AnyStep
from node.testnet.plan import MINING_WORKERS_MAX, NODES_MAX, Plan
from node.testnet.ports import BASE_PORT

STEPS_MAX = 200


class Section(BaseModel):
    """A table of a manifest: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Load(Section):
    """`[load]`: demo payments at a steady rate, or the rows of a CSV (as `quorate replay` reads it).

    `rate` is payments a second, 0 for none. `replay` is a path beside the manifest; `columns` are the
    file's own names for time, sender, recipient and amount.
    """

    rate: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] = 20.0
    replay: Path | None = None
    columns: tuple[str, str, str, str] = ("time", "from", "to", "amount")


class Expectations(Section):
    """`[expect]`: what must hold of the whole run, besides agreement and that nothing is lost.

    `max_gap` is the longest time without a final block, `min_final` counts transactions, `max_p95` is
    of the time from intention to finality, the others count what the nodes tell.
    """

    max_gap: Duration | None = None
    min_final: Annotated[int, Field(ge=0)] | None = None
    max_p95: Duration | None = None
    min_view_changes: Annotated[int, Field(ge=0)] | None = None
    max_view_changes: Annotated[int, Field(ge=0)] | None = None
    min_reorganisations: Annotated[int, Field(ge=0)] | None = None


class Manifest(Section):
    """The whole file. `nodes` counts validators, `followers` those that verify and never vote.

    `parameters` are the engine's, `faults` None takes the most that its theorem allows. `seed` draws
    whoever is meant by `random`, and the jitter of slow links.
    """

    title: str = Field("", max_length=100)
    about: str = Field("", max_length=2_000, description="What is to be seen, for people.")
    engine: str = catalog.DEFAULT
    nodes: Annotated[int, Field(ge=1, le=NODES_MAX)] = 4
    followers: Annotated[int, Field(ge=0, le=NODES_MAX)] = 0
    faults: Annotated[int, Field(ge=0)] | None = None
    miners: Annotated[int, Field(ge=0, le=MINING_WORKERS_MAX)] = 1
    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0
    duration: Duration
    parameters: dict[str, int] = {}
    load: Load = Load()
    expect: Expectations = Expectations()
    step: Annotated[tuple[AnyStep, ...], Field(max_length=STEPS_MAX)] = ()

    def make_plan(self, base_port: int = BASE_PORT) -> Plan:
        """The network that it asks for; its links can be cut and slowed."""
        return Plan(
            engine=self.engine,
            validators=self.nodes,
            followers=self.followers,
            faults=self.faults,
            parameters=dict(self.parameters),
            relayed=True,
            mining_workers=self.miners,
            base_port=base_port,
        )


def make_schema() -> dict[str, Any]:
    """The JSON Schema of a manifest, for editors."""
    schema = Manifest.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
