"""Bugs planted on purpose in engines and in their simulated host: what storms have to find."""
