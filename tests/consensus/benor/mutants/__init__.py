"""Bugs planted in the common subset and its agreements."""
