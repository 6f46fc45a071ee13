"""Links to other nodes: who is there, what is said, and what becomes of those who misbehave."""
