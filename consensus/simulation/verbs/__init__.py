"""What can be done to a cluster, in words: one function per verb."""
