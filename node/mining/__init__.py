"""Looking for proofs of work in processes beside the node."""
