"""What can go wrong with a campaign, besides the properties that it looks after."""

from node.errors import NodeError


class CampaignError(NodeError):
    """Root of these errors: a campaign that cannot begin, or cannot go on."""

    reason = "campaign-error"


class SeedsError(CampaignError):
    """Text that does not name a range of seeds."""

    reason = "bad-seeds"


class PoolError(CampaignError):
    """Workers that are not to be had: an impossible number, a library or a cluster missing."""

    reason = "no-workers"


class WorkerError(CampaignError):
    """A worker ended, or a seed raised, before there was an outcome."""

    reason = "worker-died"
