"""What is agreed on: transactions, blocks and state, knowing no engine."""
