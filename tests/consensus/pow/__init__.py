"""Tests of proof of work."""
