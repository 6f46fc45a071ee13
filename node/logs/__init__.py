"""The node's log: one line per event, with who speaks, at which height, and no secrets."""
