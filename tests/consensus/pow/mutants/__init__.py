"""Bugs planted on purpose in proof of work, and in a host that it would notice."""
