"""Proof of work: a tree of blocks, of which the heaviest branch counts."""
