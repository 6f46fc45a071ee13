"""What happened here, in one order that survives restarts, and who is told of it."""
