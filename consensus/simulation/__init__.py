"""Deterministic runs of any engine of the catalog: virtual time, faults from a seed."""
