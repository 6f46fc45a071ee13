"""Bugs planted in the broadcast, the agreements and the subset where members lie."""
