"""The theorems that grant or refuse a configuration, each with its sources."""

from enum import Enum


class Theorem(Enum):
    """A name in words, and where it is proved."""

    SYNCHRONOUS_CRASH = (
        "consensus under synchrony and crashes",
        "Lynch 1996, 6.2 (FloodSet)",
    )
    CRASH_OF_PROPOSERS = (
        "validity for correct proposers under synchrony and crashes",
        "those who proposed the decision crash afterwards; FloodSet with plurality reaches it",
    )
    SYNCHRONOUS_OMISSION = (
        "uniform agreement under synchrony and omissions",
        "Perry and Toueg 1986; Neiger and Toueg 1990",
    )
    AUTHENTICATED_BROADCAST = (
        "authenticated broadcast under synchrony",
        "Dolev and Strong 1983",
    )
    AUTHENTICATED_CONSENSUS = (
        "validity for correct proposers under synchrony and signatures",
        "Pease, Shostak and Lamport 1980; Dolev and Strong 1983",
    )
    ORAL_MESSAGES = (
        "Byzantine agreement under synchrony, without signatures",
        "Pease, Shostak and Lamport 1980; Fischer, Lynch and Merritt 1986",
    )
    STRONG_CONSENSUS = (
        "decisions proposed by correct replicas, for m values",
        "Neiger 1994; Fitzi and Garay 2003",
    )
    PARTIAL_SYNCHRONY_BENIGN = (
        "consensus under partial synchrony, crashes and omissions",
        "Dwork, Lynch and Stockmeyer 1988",
    )
    PARTIAL_SYNCHRONY_BYZANTINE = (
        "Byzantine agreement under partial synchrony",
        "Dwork, Lynch and Stockmeyer 1988",
    )
    DELAYED_PROPOSERS = (
        "validity for correct proposers without a known bound",
        "f proposers are late and f of the others crash; after Dwork, Lynch and Stockmeyer 1988",
    )
    RANDOMISED_BENIGN = (
        "randomised asynchronous consensus under crashes and omissions",
        "Ben-Or 1983; Bracha and Toueg 1985",
    )
    RANDOMISED_BYZANTINE = (
        "randomised asynchronous Byzantine agreement",
        "Bracha and Toueg 1985; Bracha 1987",
    )
    HONEST_WORK = (
        "agreement by work, but for a chance that falls exponentially with the depth",
        "Nakamoto 2008; Garay, Kiayias and Leonardos 2015",
    )
    FLP = (
        "no deterministic asynchronous consensus with one crash",
        "Fischer, Lynch and Paterson 1985",
    )
    TWO_GENERALS = (
        "coordinated attack over links that may lose everything",
        "Gray 1978; Halpern and Moses 1990",
    )
    KNOWN_SENDERS = (
        "Byzantine agreement needs to know who spoke",
        "Lamport, Shostak and Pease 1982, assumption A2",
    )
    CONNECTIVITY = (
        "agreement in incomplete networks",
        "Dolev 1982; Fischer, Lynch and Merritt 1986",
    )

    def __init__(self, title: str, sources: str) -> None:
        self.title = title
        self.sources = sources

    @property
    def citation(self) -> str:
        """Sources first, as it stands in a message."""
        return f"{self.sources}: {self.title}"
