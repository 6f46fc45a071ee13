"""Campaigns of the simulator: many seeds on many cores or machines, and one account of them all."""
