"""Engines that break the rules: what an adversary with a share of all work can do."""
