"""Bugs planted into the synchronous engines."""
