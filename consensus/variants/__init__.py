"""Variants of agreement: weaker ones, and many at once."""
