"""Tests of the ledger, without any engine or node."""
