"""The system model as values: links, topology, timing, faults, validity, bounds, detectors.

Nothing here runs. An engine states in the catalog what it assumes, a simulator takes a world from
here, and `bounds` says which theorem grants or refuses the one in the other.
"""
