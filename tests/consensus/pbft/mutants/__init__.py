"""Bugs planted on purpose in PBFT, and in a host that it would notice."""
