"""What a healed core owes: properties that hold eventually, within the bound its engine states."""

from consensus.simulation.cluster import Cluster
from consensus.simulation.properties import eventually


def is_done(cluster: Cluster, places: list[int]) -> bool:
    """All work is executed and certified."""
    return cluster.are_at_rest(places)


def is_kept(cluster: Cluster, places: list[int]) -> bool:
    """Whatever a correct host ever executed, and may have told a client, is in every chain."""
    decided = cluster.history.decided
    for place in places:
        blocks = cluster.hosts[place].application.blocks
        if len(blocks) < len(decided):
            return False
        if any(blocks[h - 1].block_id != block.block_id for h, (_, block) in decided.items()):
            return False
    return True


DUTIES = (eventually("bounded-progress", is_done), eventually("durability", is_kept))
