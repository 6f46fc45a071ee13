"""View models: pure functions from the node's answers to what a template shows, nothing else."""
