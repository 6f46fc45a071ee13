"""Bugs planted on purpose in PBFT and in its simulated host: what storms have to find."""
