"""Multi-Paxos: see `engine`."""
