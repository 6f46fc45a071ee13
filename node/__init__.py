"""The node: joins ledger and consensus, and owns every clock, socket, file and thread."""
