"""Bugs planted on purpose in Multi-Paxos, and in a host that it would notice."""
