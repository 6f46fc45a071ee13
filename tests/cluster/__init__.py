"""Tests that start real node processes."""
