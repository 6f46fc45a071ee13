"""Tests of the liars: over PBFT's messages, and in small clusters."""
