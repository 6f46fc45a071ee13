"""The storms that hunt bugs of Multi-Paxos, and the promises that such bugs break."""

from consensus.simulation.request import Request

THREE = Request(engine="paxos", nodes=3)
"""The smallest crowd that stands a crash, and every fault that storms know."""
FIVE = Request(engine="paxos", nodes=5)
"""Two crashes, and values that a minority alone has accepted."""
USURPED = Request(engine="paxos", nodes=3, faults=("usurped-leader", "lying-detector", "power"))
"""Leaders that come back before they know that they were replaced."""
SPLITS = ("agreement", "uniform-agreement", "prefix", "durability")
"""A chosen value is lost: two differ, or the first to know it ends up alone."""
STALE = ("reads-are-fresh",)
"""A client is told of less than another one was."""
STUCK = ("bounded-progress",)
