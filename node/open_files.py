"""How many files and sockets the process may open: raised where the system leaves room."""

import resource

import structlog

_log = structlog.get_logger(__name__)

OTHERS = 1_024
"""Files of the databases, links to peers, and whoever else is not a client."""


def raise_open_files(clients: int) -> int:
    """Allow for so many clients' connections, as far as the hard limit goes; the limit from then on."""
    wanted = clients + OTHERS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    if limit < wanted:
        _log.warning(
            "fewer open files than clients may need",
            limit=limit,
            wanted=wanted,
            advice="raise the hard limit (ulimit -Hn), or lower events.subscribers_max",
        )
    return limit
