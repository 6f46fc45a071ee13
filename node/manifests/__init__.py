"""Runs of testnets from a file: a network, a load, and what is done to it when."""
