"""Tests of the engine of this name, which lives in `consensus.benor`."""
